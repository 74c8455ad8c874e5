"""What a project's tests give a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from kubervisor.workflow import (
    Inputs,
    Json,
    Metrics,
    Objects,
    Operator,
    Phase,
    Project,
    QueryResult,
    Sample,
)
from kubervisor.workflow.testing import NOW, a_resource, given


class Spec(BaseModel):
    threshold: float = 99.0


class Status(BaseModel):
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluating(Inputs):
    deployments: Objects
    metrics: Metrics


OPERATOR = Operator(
    project=Project(
        kind="Canary",
        group="examples.io",
        version="v1",
        operator_name="canary-operator",
        phases=(Phase("Waiting", initial=True), Phase("Evaluating")),
    ),
    spec=Spec,
    status=Status,
    workers={},
)


def an_object(name: str, namespace: str = "", **labels: str) -> Json:
    where = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, **where, "labels": labels}}


def test_a_resource_has_the_specs_defaults_and_is_in_the_initial_phase() -> None:
    resource = a_resource(OPERATOR)
    assert (resource.phase, resource.spec, resource.status) == ("Waiting", Spec(), Status())
    assert (resource.api_version, resource.kind) == ("examples.io/v1", "Canary")
    assert resource.now == resource.phase_since == NOW


def test_a_resource_is_what_a_test_says() -> None:
    resource = a_resource(
        OPERATOR, "Evaluating", spec={"threshold": 5}, status=Status(weight=10), in_phase=60
    )
    assert (resource.phase, resource.spec.threshold, resource.status.weight) == (
        "Evaluating",
        5.0,
        10,
    )
    assert resource.now - resource.phase_since == timedelta(seconds=60)


def test_a_resource_of_no_phase_or_with_a_wrong_spec_is_refused() -> None:
    with pytest.raises(KeyError, match="Wating"):
        a_resource(OPERATOR, "Wating")
    with pytest.raises(ValidationError):
        a_resource(OPERATOR, spec={"threshold": "high"})


def test_objects_are_found_by_name_namespace_and_labels() -> None:
    bodies = [an_object("b", app="x"), an_object("a", app="y"), an_object("c", "far", app="x")]
    found = given(Evaluating, deployments=bodies).deployments
    assert [one.name for one in found.list()] == ["a", "b"]
    assert [one.name for one in found.list(labels={"app": "x"})] == ["b"]
    assert [one.name for one in found.list(namespace="far")] == ["c"]
    assert (found.find("c"), found.find("none", "far")) == (None, None)
    there = found.find("c", "far")
    assert there is not None
    assert there.namespace == "far"


def test_an_object_that_a_worker_changed_is_not_changed_for_the_next() -> None:
    found = given(Evaluating, deployments=[an_object("a")]).deployments
    first, again = found.find("a"), found.find("a")
    assert first is not None
    first.body["metadata"]["name"] = "changed"
    assert again is not None
    assert again.name == "a"


def test_queries_answer_what_a_test_says() -> None:
    several = QueryResult((Sample({"pod": "a"}, 1.0), Sample({"pod": "b"}, 2.0)))
    metrics = given(
        Evaluating,
        metrics={
            "rate": 99,
            "none": None,
            "several": several,
            "asked": lambda Name: {"canary": 1.0, "primary": 2.0}[Name],  # noqa: N803
        },
    ).metrics
    assert metrics.query("rate", Name="x").value == 99.0
    assert metrics.query("none") == QueryResult()
    assert metrics.query("several") == several
    assert metrics.query("asked", Name="primary").value == 2.0
    with pytest.raises(ValueError, match="no answer to the query 'other'"):
        metrics.query("other")


def test_what_a_phase_does_not_read_is_refused() -> None:
    with pytest.raises(TypeError, match="Evaluating does not read pods, services"):
        given(Evaluating, services=[], pods=[])
    with pytest.raises(TypeError, match="Inputs does not read metrics"):
        given(Inputs, metrics={})
