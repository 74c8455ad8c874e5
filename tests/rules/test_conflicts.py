"""Which of several rules acts on an object, and for how long it is left alone afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubervisor.rules.decision.budget import Limits, spending
from kubervisor.rules.decision.conflicts import Stake, rival
from kubervisor.rules.decision.facts import Permission
from kubervisor.rules.decision.permit import permit
from kubervisor.rules.decision.policy import ObjectRef, RulePolicy
from kubervisor.rules.decision.states import Reason, Standing, State
from tests.rules.policies import policy

NOW = 1_000_000.0
CLAIM = ObjectRef("PersistentVolumeClaim", "db", "pg", "uid-pg")
FREE = Permission()


def rule(name: str, **changes: Any) -> RulePolicy:
    return policy(**({"name": name, "uid": f"uid-{name}"} | changes))


def stake(of: RulePolicy, state: State, **changes: Any) -> Stake:
    met_since = NOW - of.hold_for
    standing = Standing(state, NOW - of.hold_for, generation=1, met_since=met_since)
    return Stake(of, CLAIM, replace(standing, **changes))


LIGHT, HEAVY = rule("light", weight=1), rule("heavy", weight=2)


def test_alone_it_may() -> None:
    one = stake(LIGHT, State.TRIGGERED)
    assert rival(one, [one], NOW) == FREE


def test_the_heavier_rule_goes_first() -> None:
    one, other = stake(LIGHT, State.TRIGGERED), stake(HEAVY, State.TRIGGERED)
    permission = rival(one, [one, other], NOW)
    assert permission.reason is Reason.OTHER_RULE
    assert permission.message == (
        "rule light waits: rule heavy (weight 2, here 1) goes first on PersistentVolumeClaim db/pg"
    )
    assert rival(other, [one, other], NOW) == FREE


def test_of_two_as_heavy_the_older_rule_goes_first() -> None:
    old = stake(rule("z", created_at=1.0), State.TRIGGERED)
    new = stake(rule("a", created_at=2.0), State.TRIGGERED)
    assert rival(new, [old], NOW).reason is Reason.OTHER_RULE
    assert rival(old, [new], NOW) == FREE


def test_of_two_as_old_the_name_decides() -> None:
    one, other = stake(rule("a"), State.TRIGGERED), stake(rule("b"), State.TRIGGERED)
    assert rival(one, [other], NOW) == FREE
    assert rival(other, [one], NOW).reason is Reason.OTHER_RULE


@pytest.mark.parametrize("state", [State.PENDING, State.IN_PROGRESS])
def test_whoever_has_the_object_keeps_it(state: State) -> None:
    one, other = stake(HEAVY, State.TRIGGERED), stake(LIGHT, state)
    permission = rival(one, [other], NOW)
    assert permission.reason is Reason.OTHER_RULE
    assert "rule light (weight 1, here 2) acts on" in permission.message
    assert rival(other, [one], NOW) == FREE


def test_what_is_in_progress_comes_before_what_is_pending() -> None:
    one, other = stake(HEAVY, State.PENDING), stake(LIGHT, State.IN_PROGRESS)
    assert rival(one, [other], NOW).reason is Reason.OTHER_RULE


def test_of_two_pending_the_heavier_goes_first() -> None:
    one, other = stake(HEAVY, State.PENDING), stake(LIGHT, State.PENDING)
    assert rival(one, [other], NOW) == FREE
    assert rival(other, [one], NOW).reason is Reason.OTHER_RULE


@pytest.mark.parametrize(
    ("heavy", "state", "changes"),
    [
        (HEAVY, State.NORMAL, {}),
        (HEAVY, State.DECLINED, {}),
        (HEAVY, State.AWAITING_APPROVAL, {}),
        (HEAVY, State.TRIGGERED, {"met_since": NOW - HEAVY.hold_for + 1}),
        (HEAVY, State.TRIGGERED, {"met_since": None}),
        (HEAVY, State.TRIGGERED, {"reason": Reason.NOT_NOW}),
        (HEAVY, State.PENDING, {"attempts": 1, "not_before": NOW + 1}),
        (replace(HEAVY, dry_run=True), State.TRIGGERED, {}),
        (replace(HEAVY, dry_run=True), State.PENDING, {}),
        (replace(HEAVY, actions=()), State.TRIGGERED, {}),
    ],
)
def test_a_rule_that_does_not_act_now_stands_in_nobodys_way(
    heavy: RulePolicy, state: State, changes: dict[str, Any]
) -> None:
    one = stake(LIGHT, State.TRIGGERED)
    assert rival(one, [stake(heavy, state, **changes)], NOW) == FREE


def test_one_that_waits_for_a_window_goes_first_by_its_weight() -> None:
    waiting = stake(HEAVY, State.AWAITING_WINDOW)
    assert rival(stake(LIGHT, State.TRIGGERED), [waiting], NOW).reason is Reason.OTHER_RULE
    waiting = stake(LIGHT, State.AWAITING_WINDOW)
    assert rival(stake(HEAVY, State.TRIGGERED), [waiting], NOW) == FREE


def test_what_has_begun_goes_on_though_its_rule_acts_no_more() -> None:
    dry = stake(replace(LIGHT, dry_run=True), State.IN_PROGRESS)
    assert rival(stake(HEAVY, State.TRIGGERED), [dry], NOW).reason is Reason.OTHER_RULE


@pytest.mark.parametrize(
    ("state", "changes", "is_free"),
    [
        (State.NORMAL, {"acted": (NOW - 299,)}, False),
        (State.NORMAL, {"acted": (NOW - 300,)}, True),
        (State.TAKEN, {"acted": (NOW - 400,), "since": NOW - 299}, False),
        (State.TAKEN, {"acted": (NOW - 400,), "since": NOW - 300}, True),
        (State.DECLINED, {"acted": (NOW - 1,)}, False),
    ],
)
def test_an_object_is_left_alone_for_the_cool_down_of_the_rule_that_acted(
    state: State, changes: dict[str, Any], is_free: bool
) -> None:
    acted = stake(rule("other", cool_down=300.0), state, **changes)
    permission = rival(stake(rule("one", cool_down=0.0), State.TRIGGERED), [acted], NOW)
    assert permission.reason is (None if is_free else Reason.COOLING_DOWN)


@pytest.mark.parametrize(
    ("read_at", "acted", "is_free"),
    [
        (NOW - 100.5, (NOW - 900,), False),
        (NOW - 99, (NOW - 900,), True),
        (NOW - 100.5, (), True),
    ],
)
def test_metrics_from_before_an_action_of_another_rule_are_no_evidence(
    read_at: float, acted: tuple[float, ...], is_free: bool
) -> None:
    other = stake(rule("other"), State.NORMAL, acted=acted, since=NOW - 100)
    one = replace(stake(LIGHT, State.TRIGGERED), read_at=read_at)
    assert rival(one, [other], NOW).reason is (None if is_free else Reason.COOLING_DOWN)


def test_it_says_until_when_and_why() -> None:
    acted = stake(rule("other"), State.NORMAL, acted=(NOW - 10,))
    permission = rival(stake(LIGHT, State.TRIGGERED), [acted], NOW)
    assert permission.message == (
        "PersistentVolumeClaim db/pg is left alone until 1970-01-12T13:51:30Z, the cool-down of "
        "rule other, which has acted on it"
    )


def test_for_its_own_cool_down_a_rule_waits_by_itself() -> None:
    one = stake(LIGHT, State.TRIGGERED, acted=(NOW - 10,))
    assert rival(one, [one], NOW) == FREE


def test_an_instant_in_the_future_counts_as_now() -> None:
    acted = stake(rule("other"), State.NORMAL, acted=(NOW + 90_000,))
    one = stake(LIGHT, State.TRIGGERED)
    assert rival(one, [acted], NOW).message == rival(one, [acted], NOW).message
    assert "1970-01-12T13:51:40Z" in rival(one, [acted], NOW).message


def test_a_permit_asks_other_rules_first_then_the_budget() -> None:
    one, other = stake(LIGHT, State.PENDING), stake(HEAVY, State.IN_PROGRESS)
    spent, limits = spending([one, other], NOW), Limits(at_once=1)
    assert permit(one, [one, other], spent, limits, NOW).reason is Reason.OTHER_RULE
    assert permit(one, [one], spent, limits, NOW).reason is Reason.BUDGET_EXHAUSTED
    assert permit(one, [one], spent, Limits(at_once=2), NOW) == FREE
