"""What happens to the process itself: ended, frozen, out of disk, talked to death, replaced."""

from __future__ import annotations

import signal
import threading
import time
from datetime import UTC, datetime
from itertools import cycle

import pytest

from playground.controller import Controller
from playground.detector_http import fails, html
from playground.fleet import Fleet
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, SHORT_LEASE, WITHIN, Scene
from tests.faults.bench import Bench, Stage
from tests.faults.conftest import LONG, Figure

FIVE_A_SECOND = {"KUBERVISOR_MAX_EJECTIONS_PER_SECOND": "5"}
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kubervisorservices.kubervisor.k8s.io"
SCHEMA_VERSION = "kubervisor.k8s.io/schema-version"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGKILL, -9, id="fault_61_killed_for_its_memory", marks=LONG),
        pytest.param(signal.SIGTERM, 0, id="fault_62_asked_to_end"),
    ],
)
def test_an_end_in_the_middle_of_many_ejections(
    number: signal.Signals, code: int, scene: Scene, figure: Figure
) -> None:
    controller = scene.controller(env=SHORT_LEASE | FIVE_A_SECOND)
    fleet = scene.fleet(20)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableRatio=30), defaultActivator={"period": FOREVER})
    scene.observer.wait(lambda o: len(o.ejections) >= 7, WITHIN, "it is in the middle")
    began = time.monotonic()
    assert controller.stop(number) == code
    ended = time.monotonic() - began
    done = len(scene.ejections())
    with scene.observer.silence("pods"):
        pass  # nothing is under way any more
    assert done < 14
    controller.restart()
    fleet.wait(lambda f: len(f.out()) == 14, WITHIN, "the rest is out too")
    ejected = [passage.pod for passage in scene.ejections()]
    assert len(ejected) == len(set(ejected)) == 14
    figure(f"ended in {ended:.1f} s after {done} of 14 ejections; the next process did the rest")


class OnAFullDisk(Controller):
    """Whatever it logs meets a device without room; its files' folder cannot be written to."""

    def _command(self) -> list[str]:
        return ["/bin/sh", "-c", 'exec "$@" >/dev/full 2>&1', "sh", *super()._command()]


def test_fault_63_no_room_to_log_and_nowhere_to_write(scene: Scene) -> None:
    nowhere = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    flags = (
        *(f"--namespace={scene.namespace}", f"--lease-namespace={scene.namespace}"),
        *("--no-register-crds", "--min-evaluation-period=0.1"),
    )
    with OnAFullDisk(scene.cluster.kubeconfig, *flags, env=nowhere) as controller:
        fleet = scene.fleet(5)
        scene.guard(scene.breaker(minPodsAvailableCount=3), defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        scene.detector.answer = fails(503)
        scene.wait_condition("SourcesAvailable", "False")
        scene.detector.outliers(*fleet.pods()[:2])
        fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "both are out")
        scene.wait_status(lambda s: s["fleet"]["ejected"] == 2, "it says so")
        assert controller.stop() == 0


@LONG
def test_fault_64_a_process_that_stands_still_now_and_then(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    """A pause shorter than the lease, as garbage collection or a starved node make it."""
    stage.begin()
    stage.accuse()
    for _ in range(3):
        bench.controller.send_signal(signal.SIGSTOP)
        threading.Event().wait(1.0)
        bench.controller.send_signal(signal.SIGCONT)
        stage.evaluations(1)
    assert stage.end() == bench.undisturbed()
    assert bench.controller.metric("kubervisor_leader") == 1
    figure("three pauses of 1 s: still leading, each outlier ejected once")


def test_fault_65_a_source_whose_name_is_not_known(bench: Bench, stage: Stage) -> None:
    unknown = {
        "prometheusService": "prometheus.nowhere.svc:9090",
        "promQL": "up",
        "key": "code",
        "podNamekey": "pod",
        "goodValues": ["200"],
    }
    breaker = {"name": f"by-{stage.name}", "evaluationPeriod": 0.3}
    stage.guard(breakers=(breaker | {"discreteValueOutOfList": unknown},))
    stage.wait_sources("False", "SourceUnavailable")
    assert not stage.fleet.out()
    stage.guard()
    stage.accuse()
    assert stage.end() == bench.undisturbed()


@LONG
def test_fault_66_a_source_that_fails_in_turns_floods_no_log(
    bench: Bench, stage: Stage, figure: Figure
) -> None:
    stage.begin()
    # Every pod is an outlier and nobody may go: there would be something to say each time.
    stage.guard(breakers=(stage.breaker(minPodsAvailableCount=5),))
    truth = stage.detector
    truth.outliers(*stage.fleet.pods())
    honest = truth.answer
    before = len(bench.controller.lines())
    answers = cycle(
        [fails(503), fails(503), html(), html(), honest, honest, fails(404), fails(404)]
    )
    for _ in range(40):
        truth.answer = next(answers)
        stage.evaluations(1)
    lines = len(bench.controller.lines()) - before
    figure(f"{lines} lines in 40 evaluations that fail in three ways")
    assert lines <= 60


def test_fault_67_metrics_do_not_grow_with_pods_nor_outlive_objects(
    bench: Bench, figure: Figure
) -> None:
    def samples() -> int:
        return sum(
            not line.startswith("#") for line in bench.controller.page("/metrics").split("\n")
        )

    bench.undisturbed()
    before = samples()
    with bench.stage(size=3) as small:
        small.begin()
        with_small = samples()
    with bench.stage(size=30) as large:
        large.begin()
        with_large = samples()
    bench.scene.until(lambda: samples() <= before + 5, "the objects' series are gone")
    assert abs(with_large - with_small) <= 5
    figure(f"{with_small - before} series for an object of 3 pods, {with_large - before} of 30")


def test_fault_08_pods_that_the_original_ejected_return(bench: Bench, stage: Stage) -> None:
    """The state of another program of the same API: its annotations, its labels."""
    pod = stage.fleet.pods()[0]
    bench.scene.observer.expect_by_hand(pod)
    labels = {
        rules.TRAFFIC: "no",
        rules.NAME: stage.name,
        rules.STRATEGY: f"by-{stage.name}",
    }
    notes = {
        f"{rules.LEGACY}breakAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{rules.LEGACY}retryCount": "1",
    }
    path = f"/api/v1/namespaces/{bench.scene.namespace}/pods/{pod.name}"
    bench.scene.api.merge(path, {"metadata": {"labels": labels, "annotations": notes}})
    stage.wait_out(1)
    stage.guard(defaultActivator={"period": 2})

    def is_back_without_note(fleet: Fleet) -> bool:
        after = fleet.pod(pod.name)
        served = pod.name in fleet.in_slices()
        return served and after is not None and f"{rules.LEGACY}breakAt" not in after.annotations

    stage.fleet.wait(is_back_without_note, WITHIN, "it is back, and the original's note is gone")


@pytest.mark.parametrize(
    ("stored", "outcome"),
    [
        pytest.param("0", "updated", id="fault_08_an_older_schema_is_updated"),
        pytest.param("99", "newer", id="fault_08_a_newer_schema_stays", marks=LONG),
    ],
)
def test_a_rolling_upgrade_of_the_schema(stored: str, outcome: str, scene: Scene) -> None:
    now = scene.api.get(CRD)["metadata"]["annotations"][SCHEMA_VERSION]
    scene.api.merge(CRD, {"metadata": {"annotations": {SCHEMA_VERSION: stored}}})
    try:
        controller = scene.controller("--register-crds")
        line = controller.wait_line(
            lambda line: line["event"] == "Registered CRD", WITHIN, "it says what it did"
        )
        assert line["outcome"] == outcome
        fleet = scene.fleet(4)
        scene.detector.outliers(fleet.pods()[0])
        scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it works with either")
    finally:
        scene.api.merge(CRD, {"metadata": {"annotations": {SCHEMA_VERSION: now}}})


def test_fault_08_a_status_of_another_version_is_no_obstacle(bench: Bench, stage: Stage) -> None:
    """Unreadable to us, it is replaced; what it declares in a way we do not know is not ours."""
    guard = f"/apis/kubervisor.k8s.io/v1alpha1/namespaces/{bench.scene.namespace}"
    path = f"{guard}/kubervisorservices/{stage.name}"
    stage.begin()
    strange = {"intents": [{}], "recent": [{}], "conditions": [], "epoch": 0}
    bench.scene.api.merge(f"{path}/status", {"status": strange})
    stage.accuse()
    assert stage.end() == bench.undisturbed()
