"""The original took a ratio of the pods still serving, so a failing fleet shrank to one or none."""

from __future__ import annotations

from playground.detector import Detector
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served
from tests.integration.specs import custom, guarding


def test_an_all_outlier_fleet_stays_at_its_floor_for_ever_even_when_the_ejected_crash(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("all", 10) as fleet:
        half = custom(detector.address, minPodsAvailableRatio=50, minPodsAvailableCount=0)
        guard.apply("all", guarding("all", half))
        guard.wait_guarding("all")
        detector.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 5, PATIENCE, "half of them are out")
        evaluations(detector, 5)
        assert len(fleet.serving()) == 5

        for pod in fleet.out():
            fleet.set_ready(pod, False)
        evaluations(detector, 5)
        assert len(fleet.serving()) == 5
        guard.wait_condition(
            "all", "BudgetExhausted", "True", "BudgetExhausted", says="5 of 10 serving, floor 5"
        )
        guard.wait_event("all", "EjectionRefused", says="may eject 0")
        guard.delete("all")


def test_the_floor_is_rounded_up(guard: Guard, detector: Detector) -> None:
    with guard.fleet("three", 3) as fleet:
        guard.apply("three", guarding("three", custom(detector.address, minPodsAvailableRatio=50)))
        guard.wait_guarding("three")
        detector.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        evaluations(detector, 5)
        assert len(fleet.serving()) == 2
        guard.delete("three")


def test_pods_that_are_not_ready_are_no_reserve(guard: Guard, detector: Detector) -> None:
    with guard.fleet("waits", 4) as fleet:
        for pod in fleet.pods()[:2]:
            fleet.set_ready(pod, False)
        fleet.wait(lambda f: len(f.serving()) == 2, PATIENCE, "two are not Ready")
        guard.apply("waits", guarding("waits", custom(detector.address, minPodsAvailableRatio=50)))
        guard.wait_guarding("waits")
        detector.outliers(*fleet.pods())
        guard.wait_condition("waits", "BudgetExhausted", "True")
        evaluations(detector, 4)
        assert fleet.out() == ()
        guard.delete("waits")


def test_breakers_at_work_together_share_one_budget(guard: Guard, detector: Detector) -> None:
    with guard.fleet("shared", 10) as fleet:
        breakers = [
            custom(f"{detector.address}/{n}", name=f"b{n}", minPodsAvailableCount=6)
            for n in range(4)
        ]
        guard.apply("shared", guarding("shared", *breakers))
        guard.wait_guarding("shared")
        detector.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 4, PATIENCE, "four are out")
        evaluations(detector, 20)
        assert len(fleet.serving()) == 6
        guard.delete("shared")


def test_terminations_come_one_by_one_and_only_after_the_replacement(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("ends", 5) as fleet:
        kill = {"mode": "retryAndKill", "period": 600, "maxRetryCount": 0}
        spec = guarding(
            "ends", custom(detector.address, minPodsAvailableCount=3), defaultActivator=kill
        )
        guard.apply("ends", spec)
        guard.wait_guarding("ends")
        old = fleet.pods()
        fewest: list[int] = []
        detector.outliers(*old[:2])

        def both_replaced(_: object) -> bool:
            fewest.append(len(fleet.serving()))
            names = {pod.name for pod in fleet.pods()}
            return not names & {pod.name for pod in old[:2]} and len(fleet.serving()) == 5

        fleet.wait(both_replaced, PATIENCE, "both are replaced")
        assert min(fewest) >= 3
        ended = [d for d in _recent(guard, "ends") if d["action"] == "Terminated"]
        assert {d["pod"] for d in ended} == {pod.name for pod in old[:2]}
        guard.delete("ends")


def _recent(guard: Guard, name: str) -> list[dict[str, str]]:
    body = guard.wait(
        name,
        lambda b: sum(d["action"] == "Terminated" for d in b["status"].get("recent", ())) == 2,
    )
    recent: list[dict[str, str]] = body["status"]["recent"]
    return recent


def test_a_disruption_budget_defers_a_termination(guard: Guard, detector: Detector) -> None:
    with guard.fleet("pdb", 3) as fleet:
        path = f"/apis/policy/v1/namespaces/{guard.namespace}/poddisruptionbudgets"
        budget = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "pdb"},
            "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "pdb"}}},
        }
        guard.api.apply(f"{path}/pdb", budget)
        kill = {"mode": "retryAndKill", "period": 600, "maxRetryCount": 0}
        guard.apply("pdb", guarding("pdb", custom(detector.address), defaultActivator=kill))
        guard.wait_guarding("pdb")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        guard.wait_event("pdb", "TerminationDeferred", says="PodDisruptionBudget")
        evaluations(detector, 3)
        assert [pod.uid for pod in fleet.out()] == [outlier.uid]

        guard.api.delete(f"{path}/pdb")
        fleet.wait(lambda f: f.pod(outlier.name) is None, PATIENCE, "it is evicted after all")
        fleet.wait_ready(3, PATIENCE)
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "all serve")
        guard.delete("pdb")


def test_a_single_pod_is_never_ejected(guard: Guard, detector: Detector) -> None:
    with guard.fleet("single", 1) as fleet:
        guard.apply("single", guarding("single", custom(detector.address, minPodsAvailableCount=0)))
        guard.wait_guarding("single")
        detector.outliers(*fleet.pods())
        guard.wait_condition("single", "BudgetExhausted", "True", says="1 of 1 serving, floor 1")
        evaluations(detector, 3)
        assert fleet.out() == ()
        guard.delete("single")
