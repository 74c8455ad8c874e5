"""What switches Kubervisor off and on: the Service's selector, dry run, pause, a person's label."""

from __future__ import annotations

import time

from kubervisor import instants
from tests.e2e import invariants as rules
from tests.e2e.passages import Passage
from tests.e2e.scene import FOREVER, WITHIN, Scene, names

EVALUATIONS = 10


def test_without_our_key_in_the_selector_every_pod_is_in_traffic(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    scene.detector.outliers(fleet.pods()[0])
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")

    fleet.select_traffic(False)
    fleet.wait(lambda f: len(f.serving()) == 4, WITHIN, "all are labelled yes")
    scene.wait_condition("Active", "False")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)

    fleet.select_traffic(True)
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "the outlier is out again")
    scene.wait_condition("Active")


def test_pods_without_any_label_get_traffic_as_soon_as_they_are_members(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(3, selects_traffic=False)
    assert not any(pod.traffic for pod in fleet.pods())
    scene.guard(scene.breaker())
    scene.wait_condition("Ready")
    fleet.select_traffic(True)
    fleet.wait_ready(3, WITHIN)
    fleet.scale(5)
    fleet.wait_ready(5, WITHIN)


def test_dry_run_switched_on_returns_all_and_then_only_reports(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")

    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER}, dryRun=True)
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "all get traffic")
    scene.wait_condition("DryRun")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    scene.observer.wait(lambda o: o.events("WouldEject"), WITHIN, "an Event tells of the wish")
    status = scene.wait_status(
        lambda s: any(one["action"] == "WouldEject" for one in s["recent"]), "the wish is recorded"
    )
    assert next(one for one in status["recent"] if one["action"] == "WouldEject")["pod"] == pod.name

    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: names(f.out()) == {pod.name}, WITHIN, "it is done in earnest again")


def test_a_controller_started_with_dry_run_returns_all_and_then_only_reports(scene: Scene) -> None:
    controller = scene.controller()
    fleet = scene.fleet(4)
    scene.detector.outliers(fleet.pods()[0])
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")
    assert controller.stop() == 0

    scene.controller("--dry-run")
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "all get traffic")
    scene.wait_condition("DryRun")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    scene.observer.wait(lambda o: o.events("WouldEject"), WITHIN, "an Event tells of the wish")


def test_paused_by_annotation_nothing_is_written_and_the_hold_stands_still(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    held, other = fleet.pods()[:2]
    scene.detector.outliers(held)
    scene.guard(scene.breaker(), defaultActivator={"period": 2})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")

    scene.annotate("shop", "kubervisor/pause", "true")
    scene.wait_condition("Paused")
    paused_at = time.time()
    scene.detector.outliers(held, other)
    with scene.observer.silence("pods"):
        scene.evaluations(15)  # three seconds: longer than the hold
    assert names(fleet.out()) == {held.name}

    scene.detector.outliers()
    scene.evaluations(3)  # what was answered before is forgotten
    stood_still = time.time() - paused_at
    scene.annotate("shop", "kubervisor/pause", None)
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "its time goes on and ends")
    (ejection,), (back,) = scene.ejections(), scene.returns()
    out_for = instant(back, rules.RETURNED_AT) - instant(ejection, rules.EJECTED_AT)
    assert out_for >= 2 + stood_still - 0.1
    scene.wait_condition("Paused", "False")


def test_no_by_hand_is_never_returned_and_counts_as_out(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    mine, *others = fleet.pods()
    scene.guard(scene.breaker(minPodsAvailableCount=2), defaultActivator={"period": 0.2})
    scene.wait_condition("Ready")
    scene.observer.expect_by_hand(mine)
    fleet.label(mine, rules.TRAFFIC, "no")
    fleet.wait(lambda f: len(f.in_slices()) == 3, WITHIN, "it is out")
    # Five periods of the activator.
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)

    scene.guard(scene.breaker(minPodsAvailableCount=2), defaultActivator={"period": FOREVER})
    scene.detector.outliers(*others)
    fleet.wait(lambda f: len(f.serving()) == 2, WITHIN, "one more is all that the floor leaves")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    assert len(scene.ejections()) == 1
    scene.wait_status(lambda s: s["podCount"].get("nbPodsBreaked") == 2, "both are counted")
    scene.wait_condition("BudgetExhausted")


def test_yes_by_hand_on_an_ejected_pod_is_its_return(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")
    scene.detector.outliers()
    scene.evaluations(3)
    fleet.label(pod, rules.TRAFFIC, "yes")
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "all get traffic")
    scene.observer.wait(
        lambda o: all(rules.STRATEGY not in rules.labels(body) for body in o.pods()),
        WITHIN,
        "what was said of the ejection is taken off",
    )
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    scene.detector.outliers(pod)
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it can be ejected again")


def instant(passage: Passage, key: str) -> float:
    """An instant that the pod carries, as Unix seconds."""
    at = instants.parse(rules.notes(passage.body)[key])
    assert at is not None
    return at
