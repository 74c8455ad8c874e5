"""Names in a project's code: two that would become one are refused with a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.errors import SpecError
from kubervisor.workflow.project.model import Phase, Project, Query
from kubervisor.workflow.scaffold.naming import names_of

PROJECT = Project(
    kind="CanaryDeployment",
    group="examples.io",
    version="v1",
    operator_name="canary-operator",
    phases=(Phase("RollBack", initial=True), Phase("Done", final=True)),
    enable_finalizer=True,
    queries=(Query("own-query", "x", ("Namespace", "HowLong")),),
)


def with_phases(*names: str) -> Project:
    return replace(PROJECT, phases=tuple(Phase(name) for name in names))


def with_query(name: str, *parameters: str) -> Project:
    return replace(PROJECT, queries=(Query(name, "x", parameters),))


def test_a_project_has_the_names_that_its_code_has() -> None:
    names = names_of(PROJECT)
    assert (names.package, names.kind, names.variable) == (
        "canary_operator",
        "CanaryDeployment",
        "canary_deployment",
    )
    assert (names.spec, names.status) == ("CanaryDeploymentSpec", "CanaryDeploymentStatus")
    (one,) = names.working
    assert (one.member, one.module) == ("ROLL_BACK", "roll_back")
    assert (one.inputs, one.outputs) == ("RollBackInputs", "RollBackOutputs")
    (query,) = names.queries
    assert (query.function, query.arguments) == ("own_query", ("namespace", "how_long"))


@pytest.mark.parametrize(
    ("project", "sentence"),
    [
        (with_phases("RollBack", "Roll_Back"), "RollBack and Roll_Back would both be ROLL_BACK"),
        (with_phases("rollBack", "RollBack"), "rollBack and RollBack would both be ROLL_BACK"),
        (with_phases("Finalizer"), "finalizer and phase Finalizer would both be finalizer"),
        (with_phases("Workflow"), "the library and phase Workflow would both be workflow"),
        (with_phases("Given"), "the tests' and phase Given would both be given"),
        (with_phases("Outcome"), "the tests' and phase Outcome would both be outcome"),
        (replace(PROJECT, kind="Phase"), "the library's and the kind's would both be Phase"),
        (replace(PROJECT, kind="RollBackInputs"), "would both be RollBackInputs"),
        (replace(PROJECT, kind="Inputs"), "the library's and the kind's would both be Inputs"),
        (with_query("Str"), "query Str would both be str"),
        (with_query("q", "HowLong", "how_long"), "HowLong and how_long would both be how_long"),
        (with_query("q", "Metrics"), "would both be metrics"),
        (
            replace(PROJECT, phases=(Phase("A", inputs=("said",), outputs=("said",)),)),
            "said cannot be the name of a field",
        ),
        (with_phases("A; import os"), "cannot be a name in Python"),
        (with_phases("Straße"), "cannot be a name in Python"),
        (with_query("q", "a b"), "cannot be a name in Python"),
        (replace(PROJECT, kind="None"), "cannot be a name in Python"),
        (replace(PROJECT, operator_name="a.b"), "cannot be a name in Python"),
        (
            replace(PROJECT, phases=(Phase("A", inputs=("x = 1\n",)),)),
            "cannot be a name in Python",
        ),
    ],
)
def test_what_cannot_be_code_is_refused(project: Project, sentence: str) -> None:
    with pytest.raises(SpecError) as refused:
        names_of(project)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
