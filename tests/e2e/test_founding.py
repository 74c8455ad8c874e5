"""The original's only end-to-end test, and what it forgot: the pods get their traffic back."""

from __future__ import annotations

from tests.e2e import invariants as rules
from tests.e2e.scene import WITHIN, Scene, condition, names


def test_two_outliers_of_five_are_out_until_the_kubervisorservice_is_deleted(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(5, "busybox")
    first, second = fleet.pods()[:2]
    scene.detector.outliers(first, second)
    scene.guard(
        scene.breaker("custom", minPodsAvailableCount=3, evaluationPeriod=1),
        name="busybreak",
        service="busybox",
        defaultActivator={"period": 600},
    )

    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "two pods are out")
    fleet.wait(lambda f: len(f.in_slices()) == 3, WITHIN, "three pods get traffic")
    scene.observer.wait(
        lambda o: all(rules.labels(p).get(rules.NAME) == "busybreak" for p in o.pods()),
        WITHIN,
        "all five carry the name",
    )
    assert names(fleet.out()) == {first.name, second.name}
    assert {pod.traffic for pod in fleet.out()} == {"no"}
    for pod in fleet.out():
        own = {k: v for k, v in pod.labels.items() if k.startswith(rules.OURS)}
        assert own == {rules.NAME: "busybreak", rules.TRAFFIC: "no", rules.STRATEGY: "custom"}
        notes = {k: v for k, v in pod.annotations.items() if k.startswith(rules.OURS)}
        assert notes[rules.RETRY_COUNT] == "1"
        assert notes[rules.REASON] == "Outlier"
        assert rules.EJECTED_UNTIL in notes
    for pod in fleet.serving():
        own = {k: v for k, v in pod.labels.items() if k.startswith(rules.OURS)}
        assert own == {rules.NAME: "busybreak", rules.TRAFFIC: "yes"}

    counts = {"nbPodsManaged": 5, "nbPodsBreaked": 2, "nbPodsPaused": 0, "nbPodsUnknown": 0}
    status = scene.wait_status(lambda s: s.get("podCount") == counts, f"{counts}", "busybreak")
    assert condition(status, "Running")["status"] == "True"
    assert {entry["pod"] for entry in status["recent"]} == {first.name, second.name}
    scene.observer.wait(lambda o: len(o.events("PodEjected")) == 2, WITHIN, "Events tell of both")

    scene.delete_guard("busybreak")
    scene.wait_guard_gone("busybreak")
    fleet.wait(lambda f: len(f.in_slices()) == 5, WITHIN, "all five get traffic again")
    scene.wait_nothing_left()


def test_the_same_name_in_two_namespaces_is_two_objects(scene: Scene, other_scene: Scene) -> None:
    scene.controller(f"--namespace={other_scene.namespace}")
    here, there = scene.fleet(3), other_scene.fleet(3)
    scene.detector.outliers(here.pods()[0])
    for one in (scene, other_scene):
        one.guard(one.breaker(), defaultActivator={"period": 600})
    here.wait(lambda f: len(f.out()) == 1, WITHIN, "the outlier here is out")

    # Names of the other namespace's pods, said by a detector of that one: they are not here.
    other_scene.detector.outliers(here.pods()[1], there.pods()[0])
    there.wait(lambda f: len(f.out()) == 1, WITHIN, "the outlier there is out")
    with scene.observer.silence("pods"), other_scene.observer.silence("pods"):
        scene.evaluations(10)
        other_scene.evaluations(10)
    assert names(here.out()) == {here.pods()[0].name}
    assert names(there.out()) == {there.pods()[0].name}

    scene.delete_guard()
    scene.wait_guard_gone()
    scene.wait_nothing_left()
    with other_scene.observer.silence("pods"):
        other_scene.evaluations(10)
    assert names(there.out()) == {there.pods()[0].name}
