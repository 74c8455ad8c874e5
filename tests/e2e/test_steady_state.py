"""Nothing happens, so nothing is written."""

from __future__ import annotations

import pytest

from playground.detector_http import ScriptedServer
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet_api import Json
from playground.fleet_manifests import (
    Kind,
    namespace_path,
    service,
    workload,
    workload_path,
)
from tests.e2e import invariants as rules
from tests.e2e.scene import Scene

SERVICES, PODS = 50, 20
PERIOD, EVALUATIONS = 5, 12  # the default period; a minute of them
START = 120.0


@pytest.mark.timeout(300)
def test_fifty_services_of_twenty_pods_in_peace_write_nothing_for_a_minute(scene: Scene) -> None:
    with PrometheusStandIn() as prometheus:
        fleets = [f"shop-{number:02}" for number in range(SERVICES)]
        for name in fleets:
            create(scene, name)
        scene.controller()
        for number, name in enumerate(fleets):
            breaker = asking_detector if number % 2 else asking_prometheus
            server = scene.detector if number % 2 else prometheus
            scene.guard(breaker(server, name), name=name, service=name)
        scene.until(
            lambda: is_settled(scene.observer.pods()), "all pods serve and are named", START
        )
        scene.observer.wait_quiet(3, START)
        with scene.observer.silence("pods", "services", "kubervisorservices", "events"):
            scene.evaluations(SERVICES // 2 * EVALUATIONS, scene.detector, prometheus)


def create(scene: Scene, name: str) -> None:
    """A Service and a Deployment of many pods; nobody waits for them yet."""
    services = f"{namespace_path(scene.namespace)}/services"
    scene.api.apply(f"{services}/{name}", service(name, selects_traffic=True))
    scene.api.apply(
        workload_path(Kind.DEPLOYMENT, scene.namespace, name),
        workload(Kind.DEPLOYMENT, name, PODS, carries_traffic=True),
    )


def asking_prometheus(prometheus: ScriptedServer, name: str) -> Json:
    """A breaker with a question of its own, to which there are no samples."""
    detector = {
        "prometheusService": prometheus.address,
        "promQL": f'requests{{app="{name}"}}',
        "key": "code",
        "podNamekey": "pod",
        "badValues": ["500"],
    }
    return {"name": "codes", "evaluationPeriod": PERIOD, "discreteValueOutOfList": detector}


def asking_detector(detector: ScriptedServer, name: str) -> Json:
    """A breaker whose detector finds nobody."""
    address = f"{detector.address}/{name}"
    return {"name": "oracle", "evaluationPeriod": PERIOD, "customService": address}


def is_settled(pods: tuple[Json, ...]) -> bool:
    """Whether all pods are there, serve, and carry the name of their KubervisorService."""
    return len(pods) == SERVICES * PODS and all(
        rules.is_serving(pod) and rules.labels(pod).get(rules.NAME) for pod in pods
    )
