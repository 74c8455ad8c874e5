"""A Service that cannot be guarded gets a clear answer, harms nobody else, and may be set right."""

from __future__ import annotations

import pytest

from playground.detector import Detector
from playground.fleet_api import Json
from tests.integration.guard import (
    PATIENCE,
    Guard,
    condition,
    evaluations,
    is_released,
    is_served,
    until,
)
from tests.integration.neighbour import Neighbour
from tests.integration.specs import custom, guarding

UNUSABLE = [
    pytest.param(None, {}, "ServiceWithoutSelector", id="without selector"),
    pytest.param({}, {}, "ServiceWithoutSelector", id="with only our key"),
    pytest.param(
        None,
        {"type": "ExternalName", "externalName": "example.com"},
        "ServiceUnsupported",
        id="an ExternalName",
    ),
]


@pytest.mark.parametrize(("selector", "spec", "reason"), UNUSABLE)
def test_a_service_that_has_no_fleet_is_told_and_guarded_once_it_has_one(
    guard: Guard,
    neighbour: Neighbour,
    detector: Detector,
    selector: dict[str, str] | None,
    spec: Json,
    reason: str,
) -> None:
    path = guard.put_service("unusable", selector, **spec)
    guard.apply("unusable", guarding("unusable", custom(detector.address)))
    guard.wait_condition("unusable", "Ready", "False", reason, says="unusable")
    guard.wait_event("unusable", reason, says="unusable")
    assert condition(guard.get("unusable"), "Active")["status"] != "True"
    neighbour.is_unharmed()

    guard.api.delete(path)
    guard.put_service("unusable", {"app": "unusable"})
    guard.wait_guarding("unusable")
    guard.wait_condition("unusable", "Active", "True")
    guard.delete("unusable")
    guard.api.delete(path)


def test_a_missing_service_is_told_and_guarded_once_it_is_there(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    guard.apply("missing", guarding("missing", custom(detector.address)))
    guard.wait_condition("missing", "Ready", "False", "ServiceNotFound", says="missing")
    guard.wait_event("missing", "ServiceNotFound", says="missing")
    # The original's conditions say so too.
    guard.wait_condition("missing", "ServiceNotAvailable", "True", says="missing")
    guard.wait_condition("missing", "Running", "False")
    neighbour.is_unharmed()
    path = guard.put_service("missing", {"app": "missing"})
    guard.wait_guarding("missing")
    guard.wait_condition("missing", "Running", "True")
    guard.delete("missing")
    guard.api.delete(path)


def test_a_headless_service_is_guarded(guard: Guard, detector: Detector) -> None:
    with guard.fleet("headless", 3) as fleet:
        guard.api.delete(fleet.service_path)
        guard.put_service("headless", {"app": "headless"}, clusterIP="None")
        guard.apply("headless", guarding("headless", custom(detector.address)))
        guard.wait_guarding("headless")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: outlier.name not in f.in_slices(), PATIENCE, "the outlier is out")
        guard.delete("headless")


def test_a_service_that_does_not_select_on_traffic_is_watched_and_never_touched(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("inactive", 3, selects_traffic=False) as fleet:
        guard.apply("inactive", guarding("inactive", custom(detector.address)))
        guard.wait_condition(
            "inactive", "Active", "False", "SelectorWithoutTraffic", says="kubervisor/traffic"
        )
        fleet.wait(lambda f: len(f.serving()) == 3, PATIENCE, "all are labelled")
        detector.outliers(fleet.pods()[0])
        evaluations(detector, 4)
        assert fleet.out() == ()
        neighbour.is_unharmed()

        fleet.select_traffic(on=True)
        guard.wait_condition("inactive", "Active", "True")
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "now the outlier is out")
        fleet.select_traffic(on=False)
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "and back")
        guard.delete("inactive")


def test_two_on_one_service_harm_nobody_else(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    names = {"claims-0", "claims-1"}
    with guard.fleet("claimed", 3) as fleet:
        for name in names:
            guard.apply(name, guarding("claimed", custom(detector.address)))

        def reasons() -> set[str]:
            return {condition(guard.get(name), "Ready").get("reason", "") for name in names}

        until(lambda: reasons() == {"Guarding", "OverlappingFleet"}, "one guards, one says no")
        neighbour.is_unharmed()
        assert len({pod.labels["kubervisor/name"] for pod in fleet.pods()}) == 1
        for name in names:
            guard.delete(name)
        fleet.wait(lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all are released")


def test_the_last_serving_pod_of_another_service_is_not_ejected(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("wide", 4) as fleet:
        shared, other = fleet.pods()[:2]
        fleet.label(shared, "tier", "special")
        narrow = guard.put_service("narrow", {"app": "wide", "tier": "special"})
        guard.apply("wide", guarding("wide", custom(detector.address)))
        guard.wait_guarding("wide")
        detector.outliers(shared, other)
        fleet.wait(lambda f: [p.name for p in f.out()] == [other.name], PATIENCE, "one is out")
        evaluations(detector, 4)
        assert [pod.name for pod in fleet.out()] == [other.name]
        neighbour.is_unharmed()

        # A second pod behind the narrow Service, and the first can be spared.
        fleet.label(fleet.pods()[2], "tier", "special")
        fleet.wait(lambda f: len(f.out()) == 2, PATIENCE, "both are out")
        guard.delete("wide")
        guard.api.delete(narrow)


def test_pods_of_two_guarded_services_belong_to_one_and_are_ejected_by_it_alone(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("common", 4) as fleet, Detector() as other:
        second = guard.put_service("common-2", {"app": "common"})
        guard.apply("common", guarding("common", custom(detector.address)))
        guard.wait_guarding("common")
        fleet.wait(
            lambda f: all(p.labels.get("kubervisor/name") == "common" for p in f.pods()),
            PATIENCE,
            "all belong to the first",
        )
        guard.apply("common-2", guarding("common-2", custom(other.address), period=0.5))
        evaluations(other, 2)
        other.outliers(*fleet.pods())
        evaluations(other, 4)
        assert fleet.out() == ()
        outlier = fleet.pods()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "its own detector counts")
        # The second one's activator has a short period, and the pod is not its own.
        evaluations(other, 4)
        assert [pod.name for pod in fleet.out()] == [outlier.name]
        assert {pod.labels["kubervisor/name"] for pod in fleet.pods()} == {"common"}
        neighbour.is_unharmed()
        guard.delete("common-2")
        guard.delete("common")
        guard.api.delete(second)


def test_a_workload_that_selects_on_our_key_gets_its_pod_back_and_loses_no_other(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    labels = {"app": "selects", "kubervisor/traffic": "yes"}
    pod_spec = {"containers": [{"name": "w", "image": "w"}], "terminationGracePeriodSeconds": 0}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "selects"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec},
        },
    }
    with guard.fleet("selects", 0) as fleet:
        guard.api.delete(fleet.workload_path)
        guard.api.apply(fleet.workload_path, deployment)
        fleet.wait(lambda f: len(f.serving()) == 3, PATIENCE, "three serve")
        guard.apply("selects", guarding("selects", custom(detector.address)))
        guard.wait_guarding("selects")
        detector.outliers(*fleet.pods())
        guard.wait_condition(
            "selects", "Ready", "False", "WorkloadSelectsTraffic", says="kubervisor/traffic"
        )
        guard.wait_event("selects", "WorkloadSelectsTraffic")
        fleet.wait(lambda f: f.out() == (), PATIENCE, "nobody is out")
        evaluations(detector, 4)
        assert fleet.out() == ()
        neighbour.is_unharmed()
        guard.delete("selects")
