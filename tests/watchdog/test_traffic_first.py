"""The prober and a KubervisorService together: what a watchdog says costs traffic first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from playground.cluster import LocalCluster
from playground.fleet_manifests import namespace_path
from playground.loopback_pods import LoopbackPods, fail
from playground.watchdog_process import WatchdogProcess
from tests.e2e.scene import Scene
from tests.watchdog.shop import WITHIN, Shop

SIZE = 3
ACTIVATOR = {"mode": "retryAndKill", "period": 0.3, "maxPeriod": "2s", "maxRetryCount": 1}
BREAKER = {"name": "says", "evaluationPeriod": 0.2, "watchdog": {"warmUp": "0s"}}


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """A prober that never evicts, and a controller."""
    with Scene(taught, namespace) as scene, ExitStack() as stack:
        own = (f"--namespace={namespace}", f"--lease-namespace={namespace}")
        flags = (*own, "--probe-period=1", "--no-evict")
        stack.enter_context(WatchdogProcess(taught.kubeconfig, *flags))
        scene.controller()
        yield scene


@pytest.fixture
def shop(scene: Scene) -> Iterator[Shop]:
    """Real workloads behind a Service that selects on our label."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop"},
        "spec": {
            "selector": {"app": "shop", "kubervisor/traffic": "yes"},
            "ports": [{"port": 80}],
        },
    }
    with (
        LoopbackPods(scene.cluster, scene.namespace),
        Shop(scene.api, scene.namespace, size=SIZE, runs=True) as shop,
    ):
        scene.api.create(f"{namespace_path(scene.namespace)}/services", service)
        yield shop


def test_a_pod_that_fails_its_probe_loses_its_traffic_and_then_its_life(
    scene: Scene, shop: Shop
) -> None:
    scene.guard(BREAKER, defaultActivator=ACTIVATOR, budget={"minAvailable": SIZE - 1})
    scene.wait_condition("Ready")
    pod = shop.pods()[0]

    fail(pod.address)
    shop.wait(lambda s: s.pod(pod.uid) is None and len(s.ready()) == SIZE, "it was replaced")
    scene.observer.wait(lambda o: o.events("PodTerminated"), WITHIN, "an Event tells of it")
    assert [(p.pod, p.retries) for p in scene.ejections()] == [(pod.name, 1), (pod.name, 2)]
    status = scene.wait_status(lambda s: s["recent"][0]["action"] == "Terminated", "it is recorded")
    said = {one["evidence"] for one in status["recent"] if one["action"] == "Ejected"}
    assert all(one.startswith("watchdog watchdog1 says error: it answered 500") for one in said)


def test_pods_that_all_fail_have_traffic_in_the_end_and_live(scene: Scene, shop: Shop) -> None:
    scene.guard(BREAKER, defaultActivator=ACTIVATOR)
    scene.wait_condition("Ready")
    pods = shop.pods()

    for pod in pods:
        fail(pod.address)
    shop.wait(lambda s: all(one.health == "error" for one in s.pods()), "all are marked")
    scene.wait_condition("Panicking")
    # Those that failed first were out before anybody could know that all would.
    serving = {"serving": SIZE, "ejected": 0}
    scene.wait_status(lambda s: serving.items() <= s["fleet"].items(), "all serve")
    assert {pod.uid for pod in shop.ready()} == {pod.uid for pod in pods}
