"""Ejections that people ask for: decided by the budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.model import Neighbour, Pod
from kubervisor.traffic.plan import Plan
from kubervisor.traffic.policy import BudgetPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.requests import asked_pods, plan_requests, strictest
from kubervisor.traffic.terminations import Circumstances, plan_terminations
from tests.builders import (
    NOW,
    FleetDraft,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    an_activator,
    fleet_of,
    names,
    reasons,
)

HALF = a_policy(a_breaker(ratio=50))


def asked(fleet: FleetDraft, *pods: str, at: float = NOW) -> FleetDraft:
    """Somebody asks for these pods."""
    return replace(
        fleet,
        pods=tuple(
            replace(pod, eject_requested_at=at) if pod.name in pods else pod for pod in fleet.pods
        ),
    )


def plan(fleet: FleetDraft, policy: ServicePolicy = HALF) -> Plan:
    return plan_requests(fleet, policy, asked_pods(fleet), NOW)


def test_a_serving_pod_is_ejected_while_the_budget_has_room() -> None:
    (intent,) = plan(asked(a_fleet(4), "pricer-01")).intents
    assert (intent.pod.name, intent.reason, intent.hold) == ("pricer-01", Reason.REQUESTED, 10.0)
    assert intent.evidence == "asked for by hand at 2027-01-15T08:00:00Z"


def test_nobody_asks_and_nothing_happens() -> None:
    assert plan(a_fleet(4)) == Plan()


REFUSALS = [
    pytest.param(
        a_fleet(4).with_ejected(2),
        HALF,
        Reason.BUDGET_EXHAUSTED,
        "2 of 4 serving, floor 2: may eject 0",
        id="the floor leaves no room",
    ),
    pytest.param(
        a_fleet(4).with_manual_holds(2),
        HALF,
        Reason.BUDGET_EXHAUSTED,
        "held by hand: pricer-02, pricer-03",
        id="others are held by hand",
    ),
    pytest.param(
        a_fleet(4).with_paused(1),
        a_policy(budget=BudgetPolicy(max_ejected_percent=20)),
        Reason.BUDGET_EXHAUSTED,
        "1 out of at most 1",
        id="the cap is reached",
    ),
    pytest.param(
        a_fleet(4),
        a_policy(a_breaker("mild", count=1), a_breaker("strict", count=4)),
        Reason.BUDGET_EXHAUSTED,
        "floor 4",
        id="the strictest breaker spares nobody",
    ),
    pytest.param(
        fleet_of(a_pod("pricer-00").ejected(), a_pod("pricer-01")),
        HALF,
        Reason.NOT_SERVING,
        "out of traffic already",
        id="it is out already",
    ),
    pytest.param(
        fleet_of(a_pod("pricer-00").not_ready(), a_pod("pricer-01"), a_pod("pricer-02")),
        HALF,
        Reason.NOT_SERVING,
        "does not serve",
        id="it is not Ready",
    ),
    pytest.param(
        fleet_of(
            *(a_pod(f"pricer-0{i}") for i in range(4)),
            neighbours=[Neighbour("other", frozenset({a_pod("pricer-00").uid}))],
        ),
        HALF,
        Reason.SHARED_POD,
        "Service other",
        id="another Service would be left without a pod",
    ),
]


@pytest.mark.parametrize(("fleet", "policy", "reason", "says"), REFUSALS)
def test_it_is_refused_with_the_numbers_where(
    fleet: FleetDraft, policy: ServicePolicy, reason: Reason, says: str
) -> None:
    decided = plan(asked(fleet, "pricer-00"), policy)
    assert not decided.intents
    (refused,) = decided.refused
    assert (refused.reason, says in refused.note) == (reason, True), refused.note


@pytest.mark.parametrize("at", [NOW - 121, NOW + 121, 0.0], ids=["long ago", "to come", "unread"])
def test_a_request_of_another_time_is_refused(at: float) -> None:
    assert reasons(plan(asked(a_fleet(4), "pricer-00", at=at))) == {
        "pricer-00": Reason.REQUEST_EXPIRED
    }


def test_clocks_may_differ_a_little() -> None:
    assert names(plan(asked(a_fleet(4), "pricer-00", at=NOW + 60))) == ["pricer-00"]


def test_the_first_get_what_room_there_is() -> None:
    decided = plan(asked(a_fleet(4), "pricer-00", "pricer-01", "pricer-02"))
    assert names(decided) == ["pricer-00", "pricer-01"]
    assert reasons(decided) == {"pricer-02": Reason.BUDGET_EXHAUSTED}


def test_pods_on_their_way_out_and_pods_of_others_are_left_alone() -> None:
    leaving, foreign = a_pod("pricer-00"), a_pod("pricer-01").claimed("other")
    fleet = asked(fleet_of(leaving, foreign), "pricer-00", "pricer-01")
    assert asked_pods(replace(fleet, ejecting=frozenset({leaving.uid}))) == ()


def test_the_strictest_breaker_is_the_one_with_the_highest_floor() -> None:
    policy = a_policy(a_breaker("a", count=2), a_breaker("b", ratio=50), a_breaker("c", count=5))
    assert [strictest(size, policy).name for size in (4, 10, 20)] == ["c", "b", "b"]


def test_retries_do_not_grow_and_nothing_is_terminated_for_a_wish() -> None:
    policy = a_policy(a_breaker(activator=an_activator("retryAndKill", max_retries=0)))
    (intent,) = plan(asked(a_fleet(4), "pricer-00"), policy).intents
    assert intent.retries == 0

    def ended(reason: str) -> list[str]:
        pod: Pod = a_pod("pricer-00").ejected(retries=9)
        assert pod.ejection is not None
        pod = replace(pod, ejection=replace(pod.ejection, reason=reason))
        confirmed = {(pod.uid, pod.ejection.id)} if pod.ejection else set()
        fleet = fleet_of(pod, a_pod("pricer-01"), a_pod("pricer-02"))
        return names(plan_terminations(fleet, policy, Circumstances(confirmed=confirmed)))

    assert (ended("Outlier"), ended("Requested")) == (["pricer-00"], [])
