"""examples/watchdog/canary.yaml on a real cluster: real gates decide whether its pods are Ready."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.pods_that_run import PodsThatRun
from tests.integration.guard import until
from tests.namespaces import passing_namespace
from tests.watchdog.canary import Canary, is_ready

IN_ERROR = {"status.autocrane.io/data": "error/2026-01-01T00:00:00/stale"}


@pytest.fixture(scope="module")
def played(cluster: LocalCluster) -> Iterator[PodsThatRun]:
    with PodsThatRun(cluster) as pods:
        yield pods


@pytest.fixture
def canary(cluster: LocalCluster, played: PodsThatRun) -> Iterator[Canary]:
    with (
        passing_namespace(cluster) as namespace,
        closing(Api(cluster.kubeconfig)) as api,
        Canary(cluster, api, namespace, played) as canary,
    ):
        canary.wait("True", "NewReplicaSetAvailable")
        yield canary


def test_a_rollout_of_pods_in_error_stops_and_goes_on_once_they_are_well(canary: Canary) -> None:
    before = {pod["metadata"]["uid"] for pod in canary.pods()}
    canary.roll_out(**IN_ERROR)
    canary.wait("False", "ProgressDeadlineExceeded")

    (stuck,) = canary.pods(**IN_ERROR)
    assert not is_ready(stuck)
    assert canary.gate(stuck) == (500, "in error: data\n")
    old = [pod for pod in canary.pods() if pod["metadata"]["uid"] in before]
    assert [is_ready(pod) for pod in old] == [True, True]

    canary.post(stuck, "info")
    until(lambda: canary.pods(**IN_ERROR) != [], "the next one is made")
    (second,) = canary.pods(**IN_ERROR)
    assert second["metadata"]["name"] != stuck["metadata"]["name"]
    canary.post(second, "warning")  # which is no failure
    canary.wait("True", "NewReplicaSetAvailable")
    assert all(is_ready(pod) for pod in canary.pods())


def test_an_error_takes_a_pod_of_the_canary_out_of_ready_and_its_end_brings_it_back(
    canary: Canary,
) -> None:
    first, second = canary.pods()

    def ready() -> list[bool]:
        return [is_ready(canary.api.get(path_of(pod))) for pod in (first, second)]

    canary.post(first, "error")
    until(lambda: ready() == [False, True], "the one in error is not Ready")
    canary.post(first, "info")
    until(lambda: ready() == [True, True], "it is Ready again")


def path_of(pod: Json) -> str:
    meta = pod["metadata"]
    return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
