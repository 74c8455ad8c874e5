"""No ejection pushes the pods that stay over what a busy pod carries now, where a spec says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.load import load_of
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import BudgetPolicy
from kubervisor.traffic.verdict import Verdict
from tests.builders import NOW, a_breaker, a_fleet, a_policy, a_verdict, names, reasons


def loaded(fleet: Fleet, *outliers: str, loads: dict[str, float | None]) -> Verdict:
    """A verdict in which pods carry 10 events a second, or what `loads` says."""
    verdict = a_verdict(fleet, outliers)
    return replace(
        verdict,
        findings=tuple(replace(f, activity=loads.get(f.name, 10.0)) for f in verdict.findings),
    )


def plan(
    fleet: Fleet, *outliers: str, most: int | None = 150, loads: dict[str, float | None] | None
) -> Plan:
    verdict = a_verdict(fleet, outliers) if loads is None else loaded(fleet, *outliers, loads=loads)
    policy = a_policy(a_breaker(), budget=BudgetPolicy(max_load_percent=most))
    memory = remember(Memory(), verdict, steps=1)
    return plan_ejections(fleet, verdict, policy.breakers[0], policy, memory, now=NOW)


@pytest.mark.parametrize(
    ("size", "outliers", "ejected"),
    [
        pytest.param(2, 1, 0, id="one of two: the other would carry 200 %"),
        pytest.param(3, 1, 1, id="one of three: the others would carry 150 %"),
        pytest.param(10, 5, 3, id="three of ten: 143 %, four would make 167 %"),
    ],
)
def test_as_many_are_ejected_as_the_others_can_carry(
    size: int, outliers: int, ejected: int
) -> None:
    fleet = a_fleet(size)
    found = plan(fleet, *(pod.name for pod in fleet.pods[:outliers]), loads={})
    assert len(found.intents) == ejected
    assert set(reasons(found).values()) <= {"LoadTooHigh"}
    assert len(found.refused) == outliers - ejected


def test_without_the_field_nothing_is_held_back() -> None:
    assert names(plan(a_fleet(2), "pricer-00", most=None, loads={})) == ["pricer-00"]


def test_a_detector_that_counts_no_events_holds_nothing_back() -> None:
    assert names(plan(a_fleet(2), "pricer-00", loads=None)) == ["pricer-00"]


def test_a_fleet_without_traffic_holds_nothing_back() -> None:
    fleet = a_fleet(2)
    idle: dict[str, float | None] = {pod.name: 0.0 for pod in fleet.pods}
    assert names(plan(fleet, "pricer-00", loads=idle)) == ["pricer-00"]


def test_busy_is_what_the_busiest_twentieth_carries() -> None:
    """Nine pods at 10, one at 30: its load is not too much for a pod, as it shows."""
    fleet = a_fleet(10)
    found = load_of(fleet, loaded(fleet, loads={"pricer-09": 30.0}))
    assert found is not None
    assert found.mean == pytest.approx(12)
    assert found.busy == pytest.approx(21)
    assert found.after(1) == pytest.approx(12 * 10 / 9)


def test_a_pod_whose_events_are_unknown_carries_what_the_others_do() -> None:
    fleet = a_fleet(4)
    found = load_of(fleet, loaded(fleet, loads={"pricer-00": None}))
    assert found is not None
    assert (found.mean, found.serving) == (10.0, 4)


def test_pods_ejected_since_the_measurement_have_left_their_load_to_the_others() -> None:
    fleet = a_fleet(10).with_ejected(1).with_unconfirmed(Action.EJECT, "pricer-00")
    found = load_of(fleet, loaded(fleet, loads={}))
    assert found is not None
    assert (found.serving, found.shed) == (8, 2)
    assert found.after(0) == pytest.approx(12.5)


def test_the_refusal_says_the_numbers() -> None:
    (refusal,) = plan(a_fleet(2), "pricer-00", loads={}).refused
    assert refusal.note.endswith(
        "pods that would stay: 1; they would carry 20 events a second each, at most 15 "
        "(150 % of the 10 of a busy pod now)"
    )
