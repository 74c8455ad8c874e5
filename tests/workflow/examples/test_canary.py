"""The founding story: a canary promotes a version whose requests succeed, and rolls back one whose
requests fail. Everything that is measured is real: requests, their counts, Prometheus, the queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL
from typing import Any, NamedTuple

import pytest

from playground.cluster import LocalCluster
from playground.faults import Fault
from playground.fleet_api import Json
from playground.workflow_process import OperatorProcess
from playground.workflow_stage import CANARIES, CanaryStage
from tests.integration.guard import until
from tests.workflow.examples.scenes import operating

SWIFT: Json = {
    "measurementInterval": "5s",
    "analysisPeriod": "6s",
    "stepInterval": "1s",
    "step": 10,
}
ALL_FAIL = Fault(errors=1.0, code=500)


class Scene(NamedTuple):
    """A shop that serves with a canary, and the operator of that."""

    stage: CanaryStage
    operator: OperatorProcess


@contextmanager
def scene(cluster: LocalCluster, namespace: str, **spec: Any) -> Iterator[Scene]:
    """All requests go to the primary, which alone has pods."""
    with (
        CanaryStage(cluster, namespace) as stage,
        operating(cluster, "canary", namespace, prometheus=stage.prometheus.url) as operator,
    ):
        stage.try_versions(SWIFT | spec)
        stage.wait_phase("Waiting")
        serves_alone(stage)
        yield Scene(stage, operator)


def sizes(stage: CanaryStage) -> dict[str, int]:
    """How many pods each Deployment of the shop is to have."""
    path = f"/apis/apps/v1/namespaces/{stage.namespace}/deployments"
    found = stage.api.get(path)["items"]
    return {
        one["metadata"]["name"]: one["spec"]["replicas"]
        for one in found
        if one["metadata"]["name"].startswith("shop")
    }


def serves_alone(stage: CanaryStage) -> None:
    """Return once the primary has all requests and all pods."""
    whole = {"shop-primary": 100, "shop-canary": 0}
    until(lambda: stage.mesh.split == whole, "the mesh sends all requests to the primary")
    alone = {"shop": 0, "shop-primary": 3, "shop-canary": 0}
    until(lambda: sizes(stage) == alone, "nothing has pods but the primary")


def failed(stage: CanaryStage) -> dict[str, int]:
    """Requests that were not answered with 200, by the Deployment whose they were."""
    found: dict[str, int] = {}
    for (workload, code), count in stage.mesh.counts().items():
        if code != "200":
            found[workload] = found.get(workload, 0) + count
    return found


@pytest.mark.parametrize("router", ["VirtualService", "HTTPRoute"])
def test_a_good_version_is_promoted_and_a_bad_one_is_rolled_back(
    meshed: LocalCluster, namespace: str, router: str
) -> None:
    with scene(meshed, namespace, router=router) as (stage, _):
        stage.release("1.1")
        stage.wait(lambda status: status.get("weight", 0) >= 20)
        promoted = stage.wait_phase("Waiting", trials=1)
        assert promoted["history"][0]["promotionSucceeded"] is True
        assert stage.serving() == "1.1"
        assert failed(stage) == {}
        assert stage.mesh.counts()["shop-canary", "200"] > 0

        stage.misbehave("1.2", ALL_FAIL)
        stage.release("1.2")
        rolled_back = stage.wait_phase("Waiting", trials=2)
        assert [one["promotionSucceeded"] for one in rolled_back["history"]] == [True, False]
        assert stage.serving() == "1.1"
        serves_alone(stage)
        assert failed(stage).keys() == {"shop-canary"}

        stage.release("1.3")
        again = stage.wait_phase("Waiting", trials=3)
        assert again["history"][2]["promotionSucceeded"] is True
        assert stage.serving() == "1.3"


def test_a_deployment_gets_its_pods_back_when_its_canary_goes(
    meshed: LocalCluster, namespace: str
) -> None:
    with scene(meshed, namespace) as (stage, _):
        stage.kubectl("delete", "canarydeployment/shop", "--timeout=60s")
        gone = ("deployment/shop-primary", "deployment/shop-canary", "virtualservice/shop")
        stage.kubectl("wait", *gone, "--for=delete", "--timeout=60s")

        assert sizes(stage) == {"shop": 3}
        assert failed(stage) == {}
        assert stage.kubectl("get", "services", "--output=name") == "service/shop\n"


def test_a_version_without_requests_is_not_promoted(meshed: LocalCluster, namespace: str) -> None:
    with scene(meshed, namespace, initialWeight=0, step=0) as (stage, _):
        stage.release("1.1")
        status = stage.wait_phase("Waiting", trials=1)

        assert status["history"][0]["promotionSucceeded"] is False
        assert any("not judged in time" in one.get("message", "") for one in status["phaseHistory"])
        assert stage.serving() == "1.0"


def test_an_operator_that_is_killed_in_each_phase_goes_on_where_it_was(
    meshed: LocalCluster, namespace: str
) -> None:
    with (
        CanaryStage(meshed, namespace) as stage,
        operating(
            meshed, "canary", namespace, prometheus=stage.prometheus.url, elect=False
        ) as operator,
    ):

        def kill_in(phase: str) -> None:
            stage.wait_phase(phase)
            operator.stop(SIGKILL)
            operator.restart()

        stage.try_versions(SWIFT)
        kill_in("Initializing")
        kill_in("Waiting")
        until(lambda: sizes(stage)["shop"] == 0, "the primary serves alone")

        stage.release("1.1")
        kill_in("Evaluating")
        kill_in("Promoting")
        stage.wait_phase("Waiting", trials=1)
        assert stage.serving() == "1.1"
        assert failed(stage) == {}

        stage.misbehave("1.2", ALL_FAIL)
        stage.release("1.2")
        kill_in("RollBack")
        status = stage.wait_phase("Waiting", trials=2)
        assert [one["promotionSucceeded"] for one in status["history"]] == [True, False]
        assert stage.serving() == "1.1"
        assert failed(stage).keys() == {"shop-canary"}


KINDS = (
    CANARIES,
    "/api/v1/namespaces/{}/services",
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/networking.istio.io/v1alpha3/namespaces/{}/virtualservices",
    "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
)


def stored(stage: CanaryStage) -> dict[str, str]:
    """The version of each object that the operator writes."""
    bodies = (
        body for path in KINDS for body in stage.api.get(path.format(stage.namespace))["items"]
    )
    return {one["metadata"]["uid"]: one["metadata"]["resourceVersion"] for one in bodies}


def test_at_rest_nothing_is_written(meshed: LocalCluster, namespace: str) -> None:
    with scene(meshed, namespace) as (stage, operator):
        synced = 'kubervisor_workflow_syncs_total{outcome="Synced",phase="Waiting"}'

        def sync_again(times: int) -> None:
            goal = operator.metric(synced) + times
            until(lambda: operator.metric(synced) >= goal, f"{times} more syncs")

        sync_again(2)
        before = stored(stage)
        sync_again(4)
        assert stored(stage) == before


def test_requests_follow_whatever_splits_them_now(meshed: LocalCluster, namespace: str) -> None:
    with scene(meshed, namespace) as (stage, _):
        stage.try_versions({"router": "HTTPRoute"})
        stage.kubectl("wait", "virtualservice/shop", "--for=delete", "--timeout=60s")

        serves_alone(stage)
        routes = stage.kubectl("get", "httproutes", "--output=name").split()
        assert routes == ["httproute.gateway.networking.k8s.io/shop-80"]
