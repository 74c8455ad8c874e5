"""The original forgot nothing, believed old evidence, chose at random and had no override."""

from __future__ import annotations

from datetime import datetime

import pytest

from kubervisor.traffic.holds import DECAY_SECONDS, retries_at_ejection
from playground import detector_prometheus as answers
from playground.detector import Detector
from playground.detector_http import Answer
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_manifests import namespace_path
from playground.fleet_pod import Pod
from tests.builders import NOW, a_pod
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served
from tests.integration.specs import continuous, custom, discrete, guarding


@pytest.mark.parametrize(
    ("retries", "good_for", "next_count"),
    [
        pytest.param(3, 0, 4, id="at once it is the next in a row"),
        pytest.param(3, DECAY_SECONDS - 1, 4, id="not quite long enough"),
        pytest.param(3, DECAY_SECONDS, 3, id="one is forgiven"),
        pytest.param(3, 30 * 86400, 1, id="after a month it is the first again"),
    ],
)
def test_retries_are_forgiven_with_good_traffic(
    retries: int, good_for: float, next_count: int
) -> None:
    pod = a_pod().returned(NOW - good_for, retries=retries)
    assert retries_at_ejection(pod, NOW) == next_count


def _codes(fleet: Fleet, failing: Pod) -> Answer:
    return answers.vector(
        [
            ({"pod": pod.name, "code": "500" if pod.uid == failing.uid else "200"}, 10)
            for pod in fleet.pods()
        ]
    )


def test_a_window_that_reaches_before_the_return_ejects_nobody_again(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    window = 3
    with guard.fleet("window", 3) as fleet:
        breaker = discrete(prometheus.address)
        breaker["discreteValueOutOfList"]["promQL"] = f"sum by (pod, code) (increase(n[{window}s]))"
        guard.apply("window", guarding("window", breaker, period=0.5))
        guard.wait_guarding("window")
        outlier = fleet.serving()[0]
        # The series still show what was wrong before, as a real range does.
        prometheus.answer = _codes(fleet, outlier)

        def ejected_twice(f: Fleet) -> bool:
            return any(p.annotations.get("kubervisor/retry-count") == "2" for p in f.out())

        fleet.wait(ejected_twice, PATIENCE, "it is ejected a second time")
        body = guard.wait("window", lambda b: len(b["status"].get("recent", ())) >= 3)
        ends = [d for d in reversed(body["status"]["recent"]) if d["pod"] == outlier.name]
        assert [d["action"] for d in ends[:3]] == ["Ejected", "Returned", "Ejected"]
        came_back, ejected_again = (datetime.fromisoformat(d["time"]) for d in ends[1:3])
        # Both are whole seconds, rounded down.
        assert (ejected_again - came_back).total_seconds() >= window - 1
        guard.delete("window")


def test_the_worst_is_ejected_where_the_budget_admits_one(
    guard: Guard, prometheus: PrometheusStandIn
) -> None:
    with guard.fleet("worst", 4) as fleet:
        pods = fleet.pods()
        values = {pods[0].name: 2.0, pods[1].name: 3.0, pods[2].name: 9.0, pods[3].name: 1.0}
        prometheus.answer = answers.vector([({"pod": n}, v) for n, v in values.items()])
        breaker = continuous(prometheus.address, minPodsAvailableCount=3)
        guard.apply("worst", guarding("worst", breaker))
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        evaluations(prometheus, 3)
        assert [pod.name for pod in fleet.out()] == [pods[2].name]
        assert "800 %" in fleet.out()[0].annotations["kubervisor/evidence"]
        guard.delete("worst")


def test_an_unlabelled_pod_is_labelled_and_disables_nothing(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("naked", 4) as fleet:
        guard.apply("naked", guarding("naked", custom(detector.address)))
        guard.wait_guarding("naked")
        naked, outlier = fleet.serving()[:2]
        fleet.label(naked, "kubervisor/traffic", None)
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the outlier is out all the same")
        fleet.wait(lambda f: is_served(f, naked), PATIENCE, "the other is labelled again")
        guard.delete("naked")


def test_a_garbled_label_is_set_right(guard: Guard, detector: Detector) -> None:
    with guard.fleet("garbled", 3) as fleet:
        guard.apply("garbled", guarding("garbled", custom(detector.address)))
        guard.wait_guarding("garbled")
        pod = fleet.serving()[0]
        fleet.label(pod, "kubervisor/traffic", "gArbAgE")
        fleet.wait(lambda f: is_served(f, pod), PATIENCE, "it serves again")
        guard.delete("garbled")


def test_a_returned_pod_no_longer_says_which_breaker_ejected_it(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("label", 3) as fleet:
        guard.apply("label", guarding("label", custom(detector.address), period=0.5))
        guard.wait_guarding("label")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(
            lambda f: [p.labels.get("kubervisor/strategy") for p in f.out()] == ["oracle"],
            PATIENCE,
            "it says who ejected it",
        )
        detector.outliers()
        fleet.wait(lambda f: is_served(f, outlier), PATIENCE, "it is back")
        pod = fleet.pod(outlier.name)
        assert pod is not None
        assert "kubervisor/strategy" not in pod.labels
        assert "kubervisor/ejection-id" not in pod.annotations
        assert pod.annotations["kubervisor/retry-count"] == "1"
        guard.delete("label")


def _bare_pod(name: str, app: str) -> Json:
    labels = {"app": app, "kubervisor/traffic": "yes"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": "workload", "image": "workload"}]},
    }


def test_a_pod_that_nobody_would_replace_is_paused_and_not_terminated(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("bare", 2) as fleet:
        guard.api.create(f"{namespace_path(guard.namespace)}/pods", _bare_pod("alone", "bare"))
        kill = {"mode": "retryAndKill", "period": 600, "maxRetryCount": 0, "maxPauseCount": 1}
        guard.apply("bare", guarding("bare", custom(detector.address), defaultActivator=kill))
        fleet.wait(lambda f: len(f.serving()) == 3, PATIENCE, "it serves")
        guard.wait_guarding("bare")
        alone = fleet.pod("alone")
        assert alone is not None
        detector.outliers(alone)
        fleet.wait(
            lambda f: [(p.name, p.traffic) for p in f.out()] == [("alone", "pause")],
            PATIENCE,
            "it is paused",
        )
        guard.wait_event("bare", "PodPaused", says="alone")
        guard.delete("bare")
        fleet.delete_pod(alone)


def test_yes_by_hand_is_a_return(guard: Guard, detector: Detector) -> None:
    with guard.fleet("hand", 3) as fleet:
        guard.apply("hand", guarding("hand", custom(detector.address)))
        guard.wait_guarding("hand")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        detector.outliers()
        evaluations(detector, 2)
        fleet.label(outlier, "kubervisor/traffic", "yes")
        evaluations(detector, 3)
        fleet.wait(lambda f: is_served(f, outlier), PATIENCE, "it serves")
        guard.wait("hand", lambda b: b["status"]["fleet"]["ejected"] == 0)
        guard.delete("hand")


def test_no_by_hand_is_a_hold_that_counts_as_out_and_is_never_returned(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("hold", 3) as fleet:
        half = custom(detector.address, minPodsAvailableCount=2)
        guard.apply("hold", guarding("hold", half, period=0.5))
        guard.wait_guarding("hold")
        held, other, _ = fleet.serving()
        fleet.label(held, "kubervisor/traffic", "no")
        # Seen by the controller too: a hold in the very moment of an ejection is another story.
        guard.wait("hold", lambda b: b["status"]["fleet"]["serving"] == 2)
        detector.outliers(other)
        guard.wait_condition("hold", "BudgetExhausted", "True", says="2 of 3 serving, floor 2")
        evaluations(detector, 4)
        assert [pod.name for pod in fleet.out()] == [held.name]
        fleet.label(held, "kubervisor/traffic", "yes")
        fleet.wait(lambda f: [p.name for p in f.out()] == [other.name], PATIENCE, "room again")
        guard.delete("hold")


def test_dry_run_returns_all_and_tells_what_it_would_do(guard: Guard, detector: Detector) -> None:
    with guard.fleet("dry", 3) as fleet:
        spec = guarding("dry", custom(detector.address))
        guard.apply("dry", spec)
        guard.wait_guarding("dry")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        guard.apply("dry", spec | {"dryRun": True})
        fleet.wait(lambda f: is_served(f, outlier), PATIENCE, "it is back though still an outlier")
        guard.wait_event("dry", "WouldEject", says=outlier.name)
        guard.wait_condition("dry", "DryRun", "True")
        pods = {p.name: (dict(p.labels), dict(p.annotations)) for p in fleet.pods()}
        evaluations(detector, 4)
        assert {p.name: (dict(p.labels), dict(p.annotations)) for p in fleet.pods()} == pods
        guard.delete("dry")


def test_the_pause_annotation_freezes_holds_and_ejections(guard: Guard, detector: Detector) -> None:
    with guard.fleet("freeze", 4) as fleet:
        guard.apply("freeze", guarding("freeze", custom(detector.address), period=1))
        guard.wait_guarding("freeze")
        first, second = fleet.serving()[:2]
        guard.annotate("freeze", "kubervisor/pause", "true")
        guard.wait_condition("freeze", "Paused", "True")
        detector.outliers(first)
        evaluations(detector, 4)
        assert fleet.out() == ()

        guard.annotate("freeze", "kubervisor/pause", None)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        guard.annotate("freeze", "kubervisor/pause", "true")
        guard.wait_condition("freeze", "Paused", "True")
        before = fleet.pods()
        detector.outliers(second)
        # Longer than the period: seven times half a second.
        evaluations(detector, 7)
        assert fleet.pods() == before

        detector.outliers()
        guard.annotate("freeze", "kubervisor/pause", None)
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "all serve")
        guard.delete("freeze")
