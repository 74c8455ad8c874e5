from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.replay.guard import Guard
from kubervisor.replay.outcomes import Paused, Returned, Terminated
from kubervisor.traffic.model import Traffic
from kubervisor.traffic.policy import BudgetPolicy, Matches, ServicePolicy
from kubervisor.traffic.reasons import Reason
from tests.builders import NOW, a_breaker, a_pod, a_policy, an_activator
from tests.replay.builders import guarding, naming, pods


def steps(guard: Guard, *named: str, until: float, period: float = 5.0) -> list[str]:
    """Evaluate every period up to `until`, returns in between; what happened, in words."""
    said = []
    (breaker,) = guard.policy.breakers
    now = NOW
    while now <= until:
        while guard.next_return is not None and guard.next_return <= now:
            at = guard.next_return
            said += [f"{at - NOW:g} {type(e).__name__} {e.pod}" for e in guard.give_back(at)]
        found = guard.evaluate(breaker, naming(*named, at=now), now).ejected
        said += [f"{now - NOW:g} {e.refused_by or 'Ejected'} {e.pod}" for e in found]
        now += period
    return said


def test_an_outlier_is_ejected_and_returns_when_its_hold_is_over() -> None:
    guard = guarding(a_policy(a_breaker(activator=an_activator(period=7))), pods(3))
    (breaker,) = guard.policy.breakers

    (ejected,) = guard.evaluate(breaker, naming("pricer-01"), NOW).ejected

    assert (ejected.pod, ejected.enforced, ejected.at) == ("pricer-01", True, NOW)
    assert "3 of 3 serving, floor 1: may eject 2; out for 7 s" in ejected.evidence
    assert [pod.name for pod in guard.fleet.out] == ["pricer-01"]
    assert guard.next_return == NOW + 7
    assert guard.give_back(NOW + 6.9) == ()
    (returned,) = guard.give_back(NOW + 7)
    assert isinstance(returned, Returned)
    assert (returned.pod, returned.breaker, returned.reason) == (
        "pricer-01",
        "errors",
        Reason.HOLD_ELAPSED,
    )
    assert guard.give_back(NOW + 8) == ()
    assert guard.fleet.out == ()


def test_the_budget_refuses_in_words_and_only_once() -> None:
    policy = a_policy(a_breaker(ratio=50, activator=an_activator(period=1000)))

    said = steps(guarding(policy, pods(4)), "pricer-00", "pricer-01", "pricer-02", until=NOW + 20)

    assert said == ["0 Ejected pricer-00", "0 Ejected pricer-01", "0 BudgetExhausted pricer-02"]


def test_dry_run_records_what_it_would_do_and_leaves_every_pod_in_traffic() -> None:
    policy = replace(a_policy(), dry_run=True)
    guard = guarding(policy, pods(3))

    assert steps(guard, "pricer-00", until=NOW + 20) == ["0 DryRun pricer-00"]
    assert guard.fleet.out == ()


def test_a_panic_ejects_nobody_and_says_so() -> None:
    guard = guarding(a_policy(budget=BudgetPolicy(panic_threshold_percent=50)), pods(4))
    (breaker,) = guard.policy.breakers

    step = guard.evaluate(breaker, naming("pricer-00", "pricer-01"), NOW)

    assert step.plan.panicking == ("",)
    assert [e.refused_by for e in step.ejected] == [Reason.PANICKING, Reason.PANICKING]


def test_steps_that_do_not_agree_are_no_refusal() -> None:
    guard = guarding(a_policy(a_breaker(matches=Matches(need=2, of=3))), pods(3))

    assert steps(guard, "pricer-00", until=NOW + 5) == ["5 Ejected pricer-00"]


@pytest.mark.parametrize(
    ("mode", "end"),
    [
        pytest.param("retryAndKill", Terminated, id="retryAndKill terminates"),
        pytest.param("retryAndPause", Paused, id="retryAndPause pauses"),
    ],
)
def test_what_never_recovers_is_ended(mode: str, end: type) -> None:
    policy = a_policy(a_breaker(activator=an_activator(mode, period=5, max_retries=1)))
    guard = guarding(policy, pods(3))

    said = steps(guard, "pricer-00", until=NOW + 16)

    assert said == [
        "0 Ejected pricer-00",
        "5 Returned pricer-00",
        "5 Ejected pricer-00",
        f"15 {end.__name__} pricer-00",
    ]


def test_a_terminated_pod_counts_as_a_member_until_it_is_replaced() -> None:
    activator = an_activator("retryAndKill", period=5, max_retries=0)
    members = pods(3)
    guard = guarding(a_policy(a_breaker(activator=activator)), members)
    (breaker,) = guard.policy.breakers
    guard.evaluate(breaker, naming("pricer-00"), NOW)
    assert [type(e) for e in guard.give_back(NOW + 1)] == [Terminated]

    guard.admit(members[1:])
    assert (guard.fleet.size, len(guard.fleet.serving)) == (3, 2)
    guard.admit([*members[1:], a_pod("pricer-99")])
    assert (guard.fleet.size, len(guard.fleet.serving)) == (3, 3)


def test_pods_that_leave_bring_the_ejected_ones_back_early() -> None:
    policy = a_policy(a_breaker(count=2, activator=an_activator(period=1000)))
    members = pods(4)
    guard = guarding(policy, members)
    guard.evaluate(policy.breakers[0], naming("pricer-00", "pricer-01"), NOW)

    guard.admit(members[:3])

    assert [(e.pod, e.reason) for e in guard.give_back(NOW + 1)] == [
        ("pricer-00", Reason.BELOW_FLOOR)
    ]


def test_readiness_is_the_callers_and_the_labels_are_the_guards() -> None:
    policy: ServicePolicy = a_policy(a_breaker(activator=an_activator(period=1000)))
    members = pods(3)
    guard = guarding(policy, members)
    guard.evaluate(policy.breakers[0], naming("pricer-00"), NOW)

    guard.admit([members[0], members[1].not_ready(), members[2]])

    first, second, third = guard.fleet.pods
    assert (first.traffic, first.retries, first.ejection is not None) == (Traffic.NO, 1, True)
    assert (second.ready, third.ready) == (False, True)
    assert guard.fleet.serving == (third,)
