"""The mesh splits requests as routes say, and counts them as Istio does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from playground import mesh_kinds
from playground.cluster import LocalCluster
from playground.faults import Fault
from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.http_page import read_page
from playground.mesh import SLOTS, Mesh, spread, workload_of
from playground.mesh_splits import split_of
from playground.workload import PodName
from playground.workload_server import WorkloadServer
from tests.integration.guard import until

Json = dict[str, Any]
SPLIT = {"old": 90, "new": 10}


def pods(service: str, count: int) -> tuple[PodName, ...]:
    return tuple(PodName("shop", f"{service}-{number}") for number in range(count))


def virtual_service(*rules: Json, hosts: tuple[str, ...] = ("shop",)) -> Json:
    return {"kind": "VirtualService", "spec": {"hosts": list(hosts), "http": list(rules)}}


def rule(weights: dict[str, int], *ports: int) -> Json:
    routes = [{"destination": {"host": to}, "weight": weight} for to, weight in weights.items()]
    return {"route": routes} | ({"match": [{"port": port} for port in ports]} if ports else {})


def http_route(weights: dict[str, int], **parent: Any) -> Json:
    backends = [{"name": to, "port": 80, "weight": weight} for to, weight in weights.items()]
    parents = [{"kind": "Service", "name": "shop", **parent}]
    return {
        "kind": "HTTPRoute",
        "spec": {"parentRefs": parents, "rules": [{"backendRefs": backends}]},
    }


class TestSpreading:
    def test_each_service_has_its_share_of_any_stretch(self) -> None:
        order = spread(SPLIT, {"old": pods("old", 3), "new": pods("new", 1)}, "shop")

        assert len(order) == SLOTS
        for start in range(0, SLOTS, 10):
            stretch = Counter(pod.name.partition("-")[0] for pod in order[start : start + 10])
            assert stretch == {"old": 9, "new": 1}

    def test_pods_take_turns(self) -> None:
        order = spread({"old": 1}, {"old": pods("old", 4)}, "shop")

        assert Counter(order) == dict.fromkeys(pods("old", 4), SLOTS // 4)

    def test_a_service_without_pods_is_named_itself(self) -> None:
        order = spread(SPLIT, {"old": pods("old", 1)}, "shop")

        assert Counter(order)[PodName("shop", "new")] == 10

    def test_without_weights_nobody_gets_any(self) -> None:
        assert spread({}, {"old": pods("old", 1)}, "shop") == ()
        assert spread({"old": 0}, {"old": pods("old", 1)}, "shop") == ()


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param(virtual_service(rule(SPLIT)), SPLIT, id="any port"),
        pytest.param(virtual_service(rule({"a": 1}, 9), rule(SPLIT, 9, 80)), SPLIT, id="that port"),
        pytest.param(virtual_service(rule(SPLIT, 9)), None, id="another port"),
        pytest.param(virtual_service(rule(SPLIT), hosts=("other",)), None, id="another host"),
        pytest.param(virtual_service(), None, id="no rules"),
        pytest.param(http_route(SPLIT), SPLIT, id="HTTPRoute, any port"),
        pytest.param(http_route(SPLIT, port=80), SPLIT, id="HTTPRoute, that port"),
        pytest.param(http_route(SPLIT, port=9), None, id="HTTPRoute, another port"),
        pytest.param(http_route(SPLIT, name="other"), None, id="HTTPRoute, another Service"),
        pytest.param(http_route(SPLIT, kind="Gateway"), None, id="HTTPRoute of a gateway"),
    ],
)
def test_a_route_splits_what_it_names(route: Json, expected: dict[str, int] | None) -> None:
    assert split_of(route, "shop", 80) == expected


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("shop-canary-6d5f7c-abcde", "shop-canary"),
        ("shop-6d5f7c-abcde", "shop"),
        ("shop-canary", "shop-canary"),
        ("shop", "shop"),
    ],
)
def test_a_pod_belongs_to_a_deployment(pod: str, workload: str) -> None:
    assert workload_of(pod) == workload


@pytest.fixture
def fleets(cluster: LocalCluster, api: Api, namespace: str) -> Iterator[dict[str, Fleet]]:
    mesh_kinds.teach(cluster)
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(Fleet(api, name, size=2, namespace=namespace))
            for name in ("shop", "old", "new")
        }


ROUTES = {
    "virtualservices": "/apis/networking.istio.io/v1alpha3/namespaces/{}/virtualservices/shop",
    "httproutes": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes/shop",
}
BODIES = {
    "virtualservices": virtual_service(rule(SPLIT))
    | {"apiVersion": "networking.istio.io/v1alpha3", "metadata": {"name": "shop"}},
    "httproutes": http_route(SPLIT, group="", port=80)
    | {"apiVersion": "gateway.networking.k8s.io/v1", "metadata": {"name": "shop"}},
}


@pytest.mark.parametrize("kind", ROUTES)
def test_requests_follow_a_route_as_soon_as_it_is_there(
    fleets: dict[str, Fleet], api: Api, server: WorkloadServer, namespace: str, kind: str
) -> None:
    names = [pod.id for fleet in fleets.values() for pod in fleet.pods()]
    server.workload.wait(names, 30)
    for pod in fleets["new"].pods():
        server.workload.set_fault(pod.id, Fault(errors=1.0, code=500))
    with Mesh(api, server.url, namespace, "shop", rate=400) as mesh:
        until(lambda: mesh.counts()["shop", "200"] >= 50, "the Service is asked")
        assert mesh.counts().keys() == {("shop", "200")}

        api.apply(ROUTES[kind].format(namespace), BODIES[kind])
        until(lambda: mesh.counts()["new", "500"] >= 20, "the route is followed")
        counts = mesh.counts()
        assert counts.keys() == {("shop", "200"), ("old", "200"), ("new", "500")}
        assert counts["old", "200"] == pytest.approx(9 * counts["new", "500"], abs=20)

        api.delete(ROUTES[kind].format(namespace))
        until(lambda: mesh.split == {"shop": 1}, "the route is gone")
        _, page = read_page(f"http://{mesh.address}/metrics")
        assert (
            'istio_requests_total{reporter="destination",destination_workload="new",'
            f'destination_workload_namespace="{namespace}",response_code="500"}}'
        ) in page
