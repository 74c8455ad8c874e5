from __future__ import annotations

import json
import time
from typing import Any

import pytest

from benchmarks.scale.run import measure
from benchmarks.scale.stage import Stage, stage
from benchmarks.scale.store import Refused, Store
from benchmarks.scale.stub import Stub
from benchmarks.scale.wire import Answer, Request
from benchmarks.scale.world import World
from kubervisor.kube.records import decode_pod
from kubervisor.sources.vectors import read_vector

GUARD = "/apis/kubervisor.k8s.io/v1alpha1/namespaces/shop-000/kubervisorservices/cart-00001"
SMALL = World(services=4, size=5)
SPREAD = World(services=5, size=4, per_namespace=2)


def _answer(stub: Stub, path: str, **query: str) -> Any:
    answer = stub.answer(Request("GET", path, query, b""))
    assert isinstance(answer, Answer)
    return json.loads(answer.body)


def test_a_pod_is_as_large_as_a_real_one_and_reads_as_one() -> None:
    body = SMALL.pod(7, 42, ready=False)
    pod = decode_pod(body)
    assert 4000 <= len(body) <= 6000
    assert (pod.name, pod.version, pod.ready) == ("cart-00001-7d9f8b6c5d-00002", "42", False)
    assert (pod.claimed_by, pod.traffic) == ("cart-00001", "yes")


def test_pages_hold_each_pod_once() -> None:
    stub = Stub(SMALL, rate=0)
    names: list[str] = []
    token = "0"
    while token:
        page = _answer(stub, "/api/v1/pods", limit="7", **{"continue": token})
        names += [pod["metadata"]["name"] for pod in page["items"]]
        token = page["metadata"].get("continue", "")
    assert names == [SMALL.pod_name(number) for number in range(SMALL.pods)]


def test_one_answer_measures_every_pod() -> None:
    samples = read_vector("stub", [SMALL.answer()], "pod", max_commas=1000)
    found = {sample.labels["pod"] for sample in samples}
    assert found == {SMALL.pod_name(number) for number in range(SMALL.pods)}


def test_a_query_that_names_the_pods_of_a_service_is_answered_with_those() -> None:
    samples = read_vector("stub", [SMALL.answer('x{pod=~"cart-00002-.*"}')], "pod", max_commas=1000)
    assert {sample.labels["pod"][:10] for sample in samples} == {"cart-00002"}


def test_what_the_stub_does_not_know_is_refused_and_counted() -> None:
    stub = Stub(SMALL, rate=0)
    assert stub.answer(Request("GET", "/apis/apps/v1/deployments", {}, b"")).status == 404  # type: ignore[union-attr]  # no watch
    assert _answer(stub, "/stub")["asked"]["404 GET /apis/apps/v1/deployments"] == 1


def _store() -> tuple[Store, list[Any]]:
    told: list[Any] = []
    store = Store(iter(range(2, 100)).__next__, told.append)
    metadata = {"name": "cart", "uid": "u", "resourceVersion": "1", "labels": {"a": "1"}}
    store.fill([("/things/cart", {"metadata": metadata, "status": {"old": 1}})])
    return store, told


def test_a_merge_patch_changes_what_it_names_and_the_version() -> None:
    store, told = _store()
    stored = store.patch("/things/cart", {"metadata": {"labels": {"a": None, "b": "2"}}})
    assert stored["metadata"]["labels"] == {"b": "2"}
    assert stored["metadata"]["resourceVersion"] == "2"
    assert told == [stored]


def test_a_json_patch_replaces_the_status() -> None:
    store, _ = _store()
    operations = [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "add", "path": "/status", "value": {"new": 2}},
    ]
    assert store.patch("/things/cart", operations)["status"] == {"new": 2}


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        pytest.param({"metadata": {"resourceVersion": "0"}}, 409, id="an old version conflicts"),
        pytest.param({"metadata": {"uid": "v"}}, 409, id="another uid conflicts"),
        pytest.param(
            [{"op": "test", "path": "/metadata/uid", "value": "v"}], 422, id="a test that fails"
        ),
    ],
)
def test_preconditions_hold(patch: Any, status: int) -> None:
    store, told = _store()
    with pytest.raises(Refused) as refused:
        store.patch("/things/cart", patch)
    assert refused.value.status == status
    assert not told


def test_a_controller_guards_every_service_of_the_stub() -> None:
    found = measure(SMALL, rest=0.0, quiet=1.0, rate=100)
    assert found.problem == ""
    assert found.memory_mb > found.imports_mb > 10
    assert found.listed > 0
    assert found.evaluated > 0
    assert found.events > 50


def _namespaced(stub: Stub, kind: str) -> list[str]:
    path = {
        "pods": "/api/v1/namespaces/shop-001/pods",
        "services": "/api/v1/namespaces/shop-001/services",
        "kubervisorservices": f"{GUARD.partition('shop-000')[0]}shop-001/kubervisorservices",
    }[kind]
    return [one["metadata"]["name"] for one in _answer(stub, path)["items"]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("pods", SPREAD.pods_in("shop-001"), id="its pods"),
        pytest.param("services", SPREAD.services_in("shop-001"), id="its Services"),
        pytest.param("kubervisorservices", SPREAD.services_in("shop-001"), id="their guards"),
    ],
)
def test_a_list_of_one_namespace_has_what_is_in_it(kind: str, expected: range) -> None:
    name = SPREAD.pod_name if kind == "pods" else SPREAD.name
    assert len(expected) > 0
    assert _namespaced(Stub(SPREAD, rate=0), kind) == [name(number) for number in expected]


def test_controllers_of_some_namespaces_each_guard_the_services_in_theirs() -> None:
    with stage(SPREAD, rate=100) as here, here.controller("--namespace=shop-000") as first:
        _wait_ready(here, 2)
        with here.controller("--namespace=shop-001", "--namespace=shop-002") as second:
            _wait_ready(here, SPREAD.services)
            assert [one.metric("kubervisor_workers") for one in (first, second)] == [2, 3]
        assert here.told().refused == []


def _wait_ready(here: Stage, count: int) -> None:
    """Return once so many KubervisorServices of the stub say that they are Ready."""
    deadline = time.monotonic() + 60
    while len(here.told().ready) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
