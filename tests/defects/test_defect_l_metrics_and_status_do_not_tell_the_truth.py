"""The original counted failed writes as actions, kept series for ever, and told nobody anything."""

from __future__ import annotations

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector import Detector
from playground.detector_http import refused_address
from playground.fleet_api import Json
from tests.integration.accounts import account
from tests.integration.guard import PATIENCE, Guard, condition, evaluations, is_served, until
from tests.integration.specs import custom, guarding

READ = ["get", "list", "watch"]


def count(controller: Controller, metric: str, **labels: str) -> float:
    """The value of one sample."""
    shown = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return controller.metric(f"kubervisor_{metric}{{{shown}}}")


def test_an_ejection_and_a_return_count_once_and_leave_events(
    guard: Guard, detector: Detector
) -> None:
    of_breaker = {"namespace": guard.namespace, "service": "counts", "breaker": "oracle"}
    of_service = {"namespace": guard.namespace, "service": "counts"}
    with guard.fleet("counts", 2) as fleet:
        guard.apply("counts", guarding("counts", custom(detector.address)))
        guard.wait_guarding("counts")
        first, second = fleet.pods()
        detector.outliers(first)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        detector.outliers(first, second)
        until(
            lambda: count(guard.controller, "ejections_overflow_total", **of_breaker) == 1,
            "the refusal is counted",
        )
        evaluations(detector, 4)
        page = guard.controller
        assert count(page, "ejections_enforced_total", **of_breaker) == 1
        assert count(page, "ejections_detected_total", **of_breaker) == 2
        assert count(page, "ejections_overflow_total", **of_breaker) == 1
        until(lambda: count(page, "pods", **of_service, state="ejected") == 1, "the gauge shows it")
        assert count(page, "returns_total", **of_service) == 0

        detector.outliers()
        guard.apply("counts", guarding("counts", custom(detector.address), period=0.5))
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "it is back")
        until(lambda: count(page, "returns_total", **of_service) == 1, "its return is counted")
        until(lambda: count(page, "pods", **of_service, state="ejected") == 0, "the gauge shows it")

        guard.wait_event("counts", "PodEjected", says=first.name)
        guard.wait_event("counts", "PodReturned", says=first.name)
        guard.wait_event("counts", "EjectionRefused", says=second.name)
        assert first.name not in page.page("/metrics")
        guard.delete("counts")


def test_the_series_of_a_deleted_object_go_with_it(guard: Guard, detector: Detector) -> None:
    with guard.fleet("fleeting", 3) as fleet, guard.fleet("stays", 2):
        guard.apply("stays", guarding("stays", custom(f"{detector.address}/stays")))
        guard.apply("fleeting", guarding("fleeting", custom(detector.address)))
        guard.wait_guarding("stays", "fleeting")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        assert 'service="fleeting"' in guard.controller.page("/metrics")
        guard.delete("fleeting")
        until(lambda: 'service="fleeting"' not in guard.controller.page("/metrics"), "they go")
        evaluations(detector, 4)
        assert 'service="fleeting"' not in guard.controller.page("/metrics")
        assert 'service="stays"' in guard.controller.page("/metrics")
        guard.delete("stays")


def test_a_write_that_is_refused_is_no_ejection(cluster: LocalCluster, detector: Detector) -> None:
    with Guard(cluster) as guard, guard.fleet("refused", 3) as fleet:
        guard.apply("refused", guarding("refused", custom(detector.address)))
        guard.wait_guarding("refused")
        assert guard.controller.stop() == 0
        rules: list[Json] = [
            {"apiGroups": [""], "resources": ["pods", "services"], "verbs": READ},
            {"apiGroups": ["kubervisor.k8s.io"], "resources": ["*"], "verbs": ["*"]},
            {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["*"]},
            {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["*"]},
        ]
        kubeconfig = account(guard, "may-not-patch", rules)
        own = f"--namespace={guard.namespace}"
        with Controller(kubeconfig, own, "--no-register-crds") as powerless:
            outlier = fleet.serving()[0]
            detector.outliers(outlier)
            told = powerless.wait_line(
                lambda line: line["event"] == "Could not eject pod", PATIENCE, "it says so"
            )
            assert told["level"] == "warning"
            assert "patch pods" in told["error"]
            evaluations(detector, 3)
            of_breaker = {"namespace": guard.namespace, "service": "refused", "breaker": "oracle"}
            assert count(powerless, "ejections_detected_total", **of_breaker) == 1
            assert count(powerless, "ejections_enforced_total", **of_breaker) == 0
            assert fleet.out() == ()
            assert not any(line["level"] == "error" for line in powerless.lines())
        detector.outliers()
        guard.controller.restart()
        guard.delete("refused")


def test_conditions_carry_their_transition_times(guard: Guard, detector: Detector) -> None:
    with guard.fleet("times", 2) as fleet:
        guard.apply("times", guarding("times", custom(detector.address)))
        guard.wait_guarding("times")
        guard.wait_condition("times", "SourcesAvailable", "True")
        before = guard.get("times")
        assert all(c["lastTransitionTime"] for c in before["status"]["conditions"])
        assert before["status"]["observedGeneration"] == before["metadata"]["generation"]

        # Exhausting the budget changes one condition, and only its time.
        detector.outliers(*fleet.pods())
        guard.wait_condition("times", "BudgetExhausted", "True")
        after = guard.get("times")
        for kind in ("Ready", "Active", "SourcesAvailable", "Panicking"):
            now, then = condition(after, kind), condition(before, kind)
            assert now["lastTransitionTime"] == then["lastTransitionTime"], kind
        guard.delete("times")


def test_the_message_of_a_condition_follows_its_cause(guard: Guard) -> None:
    with guard.fleet("follows", 2), refused_address() as first, refused_address() as second:
        guard.apply("follows", guarding("follows", custom(first)))
        guard.wait_condition(
            "follows", "SourcesAvailable", "False", "SourceUnavailable", says=first
        )
        guard.apply("follows", guarding("follows", custom(second)))
        guard.wait_condition(
            "follows", "SourcesAvailable", "False", "SourceUnavailable", says=second
        )
        guard.delete("follows")


def test_the_status_counts_as_the_original_did_and_remembers_what_was_done(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("status", 3) as fleet:
        guard.apply("status", guarding("status", custom(detector.address)))
        guard.wait_guarding("status")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        counted = {"nbPodsManaged": 3, "nbPodsBreaked": 1, "nbPodsPaused": 0, "nbPodsUnknown": 0}
        body = guard.wait("status", lambda b: b["status"].get("podCount") == counted)
        (decision,) = body["status"]["recent"]
        assert decision["action"] == "Ejected"
        assert (decision["pod"], decision["podUid"]) == (outlier.name, outlier.uid)
        assert (decision["breaker"], decision["reason"]) == ("oracle", "Outlier")
        assert "3 of 3 serving, floor 1" in decision["evidence"]
        assert condition(body, "Running")["status"] == "True"
        guard.delete("status")
