"""The real API server takes the definition of any model, and what the model says as its objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from kubervisor.workflow import Phase, Project
from kubervisor.workflow.deploying.crd import definition
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.workflow_bodies import undefine

GROUP = "anything.example.io"
PATH = f"/apis/{GROUP}/v1"


class Color(Enum):
    RED = "red"


class Inner(BaseModel):
    size: Annotated[int, Field(gt=0)] = 1


class A(BaseModel):
    kind: Literal["a"] = "a"


class B(BaseModel):
    kind: Literal["b"] = "b"


class Spec(BaseModel):
    """All that a user's model may have."""

    inner: Inner = Inner()
    none: Inner | None = None
    choice: Literal["x", "y"] | None = None
    either: int | str = 5
    mixed: dict[str, Inner] | list[str] = []
    tags: dict[str, str] = {"a": "b"}
    inners: dict[str, Inner] = {"a": Inner()}
    free: dict[str, Any] = {"a": {"b": [1, None]}}
    whatever: Any = None
    price: Decimal = Decimal("1.5")
    when: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    every: timedelta = timedelta(seconds=5)
    color: Color = Color.RED
    names: set[str] = {"a", "b"}
    pair: tuple[int, str] = (1, "a")
    one: Annotated[A | B, Field(discriminator="kind")] = A()
    share: Annotated[float, Field(ge=0, lt=100)] = 5.0


@pytest.fixture(scope="module")
def served(cluster: LocalCluster) -> Iterator[Api]:
    """The API server, which serves such a kind."""
    phases = (Phase("A", initial=True), Phase("B", final=True))
    of = Project("Anything", GROUP, "v1", "anything-operator", phases)
    crd = definition(of, Spec, Inner)
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/anythings.{GROUP}"
    with closing(Api(cluster.kubeconfig)) as api:
        api.apply(path, crd)
        cluster.kubectl("wait", f"crd/anythings.{GROUP}", "--for=condition=Established")
        yield api
        undefine(api, f"anythings.{GROUP}")


def body(namespace: str, spec: Json) -> Json:
    metadata = {"name": "one", "namespace": namespace}
    return {"apiVersion": f"{GROUP}/v1", "kind": "Anything", "metadata": metadata, "spec": spec}


def test_the_definition_is_structural_and_its_names_are_accepted(served: Api) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/anythings.{GROUP}"
    conditions = {one["type"]: one["status"] for one in served.get(path)["status"]["conditions"]}
    assert conditions == {"Established": "True", "NamesAccepted": "True"}


@pytest.mark.parametrize("leaves_out", [set(), {"none", "choice", "whatever"}])
def test_what_a_model_says_is_stored_and_read_back_by_it(
    served: Api, namespace: str, leaves_out: set[str]
) -> None:
    said = Spec().model_dump(mode="json", exclude=leaves_out)
    stored = served.create(f"{PATH}/namespaces/{namespace}/anythings", body(namespace, said))
    assert Spec.model_validate(stored["spec"]) == Spec()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"inner": {"size": 0}}, "spec.inner.size"),
        ({"inner": {"size": "a"}}, "spec.inner.size"),
        ({"inners": {"b": {"size": 0}}}, "spec.inners.b.size"),
        ({"choice": "z"}, "spec.choice"),
        ({"either": 1.5}, "spec.either"),
        ({"share": 100}, "spec.share"),
        ({"color": "blue"}, "spec.color"),
        ({"when": "yesterday"}, "spec.when"),
        ({"names": ["a", "a"]}, "spec.names"),
        ({"pair": [1]}, "spec.pair"),
    ],
)
def test_what_the_model_would_refuse_is_refused_where_it_is_written(
    served: Api, namespace: str, spec: Json, said: str
) -> None:
    with pytest.raises(ApiRefused, match=said):
        served.create(f"{PATH}/namespaces/{namespace}/anythings", body(namespace, spec))


def test_a_status_of_the_scheduler_and_of_the_user_is_kept(served: Api, namespace: str) -> None:
    served.create(f"{PATH}/namespaces/{namespace}/anythings", body(namespace, {}))
    at = "2026-01-01T00:00:00.000001Z"
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Synced",
        "message": "",
        "lastTransitionTime": at,
        "observedGeneration": 1,
    }
    status: Json = {
        "phase": "A",
        "phaseSince": at,
        "phaseFailures": 2,
        "phaseMessage": "waits",
        "phaseHistory": [{"phase": "A", "since": at, "message": "began"}],
        "observedGeneration": 1,
        "conditions": [ready],
        "size": 3,
    }
    path = f"{PATH}/namespaces/{namespace}/anythings/one"
    served.merge(f"{path}/status", {"status": status})
    assert served.get(path)["status"] == status
