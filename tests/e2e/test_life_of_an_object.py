"""KubervisorServices come, change and go; workloads that cannot be guarded are left alone."""

from __future__ import annotations

from playground.detector import Detector
from playground.fleet_manifests import Kind, workload
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, WITHIN, Scene, names

EVALUATIONS = 10


def test_deleted_and_created_again_only_the_new_config_acts(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(5)
    with Detector() as old, Detector() as new:
        old.outliers(*fleet.pods())
        scene.guard(scene.breaker("old", asks=old, minPodsAvailableCount=3))
        fleet.wait(lambda f: len(f.serving()) == 3, WITHIN, "the old one has taken two")
        scene.delete_guard()
        scene.wait_guard_gone()
        fleet.wait_ready(5, WITHIN)
        before = len(scene.ejections())

        scene.guard(
            scene.breaker("new", asks=new, minPodsAvailableCount=4),
            defaultActivator={"period": FOREVER},
        )
        asked = len(old.requests)
        scene.evaluations(EVALUATIONS, new)
        assert len(old.requests) == asked, "nobody asks the old detector any more"
        new.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "the new one takes one")
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS, new)
        assert [passage.breaker for passage in scene.ejections()[before:]] == ["new"]
        assert len(old.requests) == asked


def test_a_changed_spec_takes_effect_at_once(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableCount=3), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")
    scene.guard(scene.breaker(minPodsAvailableCount=2), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "a second one is out")
    scene.detector.outliers()
    scene.guard(scene.breaker(minPodsAvailableCount=2), defaultActivator={"period": 0.2})
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "all are back by the new period")


def test_the_second_object_on_a_service_waits_until_the_first_is_gone(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    with Detector() as second:
        scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        # Creation times have whole seconds, and evaluations are at least half of one apart.
        scene.evaluations(4)
        scene.guard(
            scene.breaker("late", asks=second), name="late", defaultActivator={"period": FOREVER}
        )
        told = scene.wait_condition("Ready", "False", "late")
        assert told["reason"] == "OverlappingFleet"
        second.outliers(fleet.pods()[0])
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS)
        scene.delete_guard()
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "now the second one acts")
        assert fleet.out()[0].labels[rules.NAME] == "late"


def test_where_the_workload_selects_on_traffic_its_pod_returns_and_ejections_stop(
    scene: Scene,
) -> None:
    scene.controller()
    fleet = scene.fleet(3)
    scene.api.delete(fleet.workload_path, propagationPolicy="Background")
    fleet.wait(lambda f: not f.pods(), WITHIN, "the usual workload is gone")
    body = workload(Kind.DEPLOYMENT, "shop", 3, carries_traffic=True)
    body["spec"]["selector"]["matchLabels"][rules.TRAFFIC] = "yes"
    scene.api.apply(fleet.workload_path, body)
    fleet.wait_ready(3, WITHIN)

    first, second, _ = fleet.pods()
    scene.detector.outliers(first, second)
    scene.guard(scene.breaker(minPodsAvailableCount=2), defaultActivator={"period": FOREVER})
    scene.wait_condition("WorkloadSelectsTraffic")
    # The ReplicaSet takes the pod back, and has one too many.
    fleet.wait_ready(3, WITHIN)
    with scene.observer.silence("pods", ours=True):
        scene.evaluations(EVALUATIONS)
    (ejection,) = scene.ejections()
    assert ejection.pod in names((first, second))
    assert [passage.reason for passage in scene.returns()] == ["WorkloadSelectsTraffic"]
