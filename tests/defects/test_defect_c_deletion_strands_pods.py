"""The original's loops outlived their object, and its ejected pods stayed out for ever."""

from __future__ import annotations

from collections.abc import Callable

from playground.detector import Detector
from playground.fleet import Fleet
from playground.fleet_pod import Pod
from tests.integration.guard import PATIENCE, Guard, evaluations, is_released, is_served
from tests.integration.specs import custom, guarding


def eject_two(guard: Guard, detector: Detector, fleet: Fleet, name: str) -> None:
    """Guard the fleet and have two of its pods ejected; they are still named by the detector."""
    guard.apply(name, guarding(fleet.name, custom(f"{detector.address}/{name}")))
    guard.wait_guarding(name)
    outliers = fleet.serving()[:2]
    detector.outliers(*outliers)
    fleet.wait(lambda f: len(f.out()) == 2, PATIENCE, "two are out")


def test_deletion_returns_every_pod_and_leaves_nothing_of_ours(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("gone", 4) as fleet:
        eject_two(guard, detector, fleet, "gone")
        guard.delete("gone")
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "all serve")
        assert all(is_released(pod) for pod in fleet.pods()), fleet.pods()


def test_deletion_stops_the_loops(guard: Guard, detector: Detector) -> None:
    with guard.fleet("silent", 3) as fleet, Detector() as other:
        eject_two(guard, detector, fleet, "silent")
        guard.delete("silent")
        asked = len(detector.requests)
        # The pace of another object tells that there was time for more.
        guard.apply("silent", guarding("silent", custom(other.address)))
        evaluations(other, 5)
        assert len(detector.requests) == asked
        guard.delete("silent")


def test_an_object_made_anew_has_its_own_limits_only(guard: Guard, detector: Detector) -> None:
    with guard.fleet("anew", 4) as fleet:
        eject_two(guard, detector, fleet, "anew")
        guard.delete("anew")
        all_of_them = custom(detector.address, name="strict", minPodsAvailableCount=4)
        guard.apply("anew", guarding("anew", all_of_them))
        guard.wait_condition("anew", "BudgetExhausted", "True", says="strict")
        evaluations(detector, 4)
        assert fleet.out() == ()
        assert not any("kubervisor/strategy" in pod.labels for pod in fleet.pods())
        guard.delete("anew")


def test_a_service_that_goes_leaves_no_pod_out(guard: Guard, detector: Detector) -> None:
    with guard.fleet("removed", 3) as fleet:
        eject_two(guard, detector, fleet, "removed")
        guard.api.delete(fleet.service_path)
        fleet.wait(
            lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all pods are released"
        )
        guard.wait_condition("removed", "Ready", "False", "ServiceNotFound", says="removed")
        guard.delete("removed")


def test_another_service_in_the_spec_releases_the_pods_of_the_first(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("first", 3) as first, guard.fleet("second", 3) as second:
        eject_two(guard, detector, first, "moves")
        guard.apply("moves", guarding("second", custom(detector.address)))
        first.wait(
            lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "the first is released"
        )
        second.wait(
            lambda f: all(p.labels.get("kubervisor/name") == "moves" for p in f.pods()),
            PATIENCE,
            "the second is guarded",
        )
        guard.delete("moves")


def test_a_pod_that_leaves_the_selector_is_released_and_taken_up_again_when_it_rejoins(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("leaves", 4) as fleet:
        eject_two(guard, detector, fleet, "leaves")
        detector.outliers()
        for pod in fleet.pods():
            fleet.label(pod, "tier", "front")
        leaver = fleet.out()[0]
        guard.api.merge(fleet.service_path, {"spec": {"selector": {"tier": "front"}}})
        fleet.label(leaver, "tier", "back")
        fleet.wait(lambda f: _now(f, leaver.name, is_released), PATIENCE, "it is released")
        fleet.label(leaver, "tier", "front")
        fleet.wait(
            lambda f: _now(f, leaver.name, lambda p: p.labels.get("kubervisor/name") == "leaves"),
            PATIENCE,
            "it is taken up",
        )
        fleet.wait(lambda f: is_served(f, leaver), PATIENCE, "and serves")
        guard.delete("leaves")


def _now(fleet: Fleet, name: str, so: Callable[[Pod], bool]) -> bool:
    pod = fleet.pod(name)
    return pod is not None and so(pod)
