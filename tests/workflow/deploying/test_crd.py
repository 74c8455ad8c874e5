from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from kubervisor.errors import SpecError
from kubervisor.workflow import Phase, Project
from kubervisor.workflow.deploying.crd import PHASES, STATUS, definition, is_of
from kubervisor.workflow.scheduler.status import RESERVED
from tests.workflow.deploying.projects import Spec, Status, crd, project


def test_a_kind_is_named_by_its_project() -> None:
    made = crd(project())
    assert made["metadata"]["name"] == "canarydeployments.tests.example.io"
    assert made["spec"]["names"] == {
        "kind": "CanaryDeployment",
        "listKind": "CanaryDeploymentList",
        "plural": "canarydeployments",
        "singular": "canarydeployment",
    }
    assert made["spec"]["scope"] == "Namespaced"


def test_the_status_has_the_schedulers_fields_and_the_users() -> None:
    (version,) = crd(project())["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    assert schema["properties"]["status"]["properties"].keys() == RESERVED | {"started"}
    assert STATUS.keys() == RESERVED
    assert "required" not in schema["properties"]["status"]


@pytest.mark.parametrize(("model", "required"), [(Spec, ["spec"]), (Status, None)])
def test_a_spec_is_required_where_one_of_its_fields_is(
    model: type[BaseModel], required: list[str] | None
) -> None:
    (version,) = definition(project(), model, Status)["spec"]["versions"]
    assert version["schema"]["openAPIV3Schema"].get("required") == required


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_field_that_every_status_has_is_refused_in_that_of_the_user(name: str) -> None:
    model = create_model("Mine", **{name: (int, 1)})  # type: ignore[call-overload]
    with pytest.raises(SpecError, match=f"Mine: every status has {name} already"):
        definition(project(), Spec, model)


def test_a_field_of_a_status_that_has_no_default_is_refused() -> None:
    model = create_model("Mine", seen=(int, 0), started=(str, ...))
    with pytest.raises(SpecError, match="Mine: started must have a default"):
        definition(project(), Spec, model)


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        (Phase("A", initial=True), {"name": "A", "initial": True}),
        (Phase("A", final=True), {"name": "A", "final": True}),
        (Phase("A", next=("B", "C")), {"name": "A", "next": ["B", "C"]}),
        (
            Phase("A", timeout=90.0, on_timeout="B"),
            {"name": "A", "timeout": 90.0, "onTimeout": "B"},
        ),
    ],
)
def test_the_definition_says_which_phases_may_follow(phase: Phase, said: dict[str, Any]) -> None:
    made = definition(Project("X", "a.io", "v1", "x", (phase,)), Spec, Status)
    assert json.loads(made["metadata"]["annotations"][PHASES]) == [said]


def test_a_definition_of_this_state_of_the_project_is_known_as_its_own() -> None:
    assert is_of(project(), crd(project()))


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"kind": "CustomResourceDefinition"},
        {**crd(project()), "kind": "List"},
        crd(project(group="other.example.io")),
        crd(project(more="customParameters: []\n")) | {"metadata": {"name": "x"}},
        definition(Project("X", "a.io", "v1", "x", (Phase("A"),)), Spec, Status),
    ],
)
def test_a_definition_of_another_state_is_not(other: dict[str, Any]) -> None:
    assert not is_of(project(), other)
