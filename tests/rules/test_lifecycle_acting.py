"""What is decided begins, goes on, fails, is tried again, and is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import (
    Answer,
    Move,
    Permission,
    Reading,
)
from kubervisor.rules.decision.outcomes import Did, Done, Failed, Wait
from kubervisor.rules.decision.policy import ActionCall
from kubervisor.rules.decision.states import Reason, Sizes, State
from tests.rules.looks import (
    APPROVING,
    AT_LIMIT,
    BUSY,
    DARK,
    GROW,
    GROW_MORE,
    LATER,
    NOTIFY,
    NOW,
    WINDOWS,
    approval,
    look,
    passed,
    standing,
)
from tests.rules.policies import RESIZE, cleared, met, policy


class TestAwaitingWindow:
    rule = policy(action_windows=WINDOWS)
    waiting = standing(State.AWAITING_WINDOW)

    def test_it_goes_on_when_a_window_opens(self) -> None:
        move = look(self.rule, self.waiting)
        assert passed(move) == [
            (State.PENDING, Reason.WINDOW_OPEN),
            (State.IN_PROGRESS, Reason.ACTING),
        ]

    def test_what_is_done_is_decided_again(self) -> None:
        move = look(self.rule, self.waiting, previews=[GROW_MORE])
        assert move.standing.intents == (GROW_MORE,)
        assert move.standing.digest == digest([GROW_MORE])

    def test_the_same_is_said_until_it_opens(self) -> None:
        first = look(self.rule, self.waiting, NOW + 0.9, window=59.1).standing
        assert look(self.rule, first, NOW + 1.2, window=58.8).standing is first

    def test_it_is_over_when_the_condition_clears(self) -> None:
        move = look(self.rule, self.waiting, window=60.0, reading=cleared(NOW))
        assert passed(move) == [(State.NORMAL, Reason.CONDITION_CLEARED)]

    def test_nothing_is_done_while_nobody_knows(self) -> None:
        move = look(self.rule, self.waiting, reading=DARK)
        assert (move.standing.state, move.standing.reason) == (
            State.AWAITING_WINDOW,
            Reason.STALE_METRIC,
        )

    def test_another_rule_goes_first(self) -> None:
        conflict = Permission(Reason.OTHER_RULE, "rule b acts")
        move = look(self.rule, self.waiting, permission=conflict)
        assert move.standing.state is State.AWAITING_WINDOW

    def test_what_is_refused_now_is_not_done(self) -> None:
        move = look(self.rule, self.waiting, previews=[AT_LIMIT])
        assert passed(move) == [(State.DECLINED, Reason.ACTION_DECLINED)]
        move = look(self.rule, self.waiting, previews=[BUSY])
        assert move.standing.reason == Reason.NOT_NOW

    def test_an_approval_of_something_else_is_asked_for_anew(self) -> None:
        rule = replace(APPROVING, action_windows=WINDOWS)
        move = look(rule, self.waiting, approval=approval(Answer.APPROVED), previews=[GROW_MORE])
        assert passed(move) == [
            (State.TRIGGERED, Reason.APPROVAL_OUTDATED),
            (State.AWAITING_APPROVAL, Reason.APPROVAL_NEEDED),
        ]


class TestPending:
    def test_it_begins(self) -> None:
        reading = replace(met(NOW), sizes=Sizes(9, 10))
        move = look(
            policy(), standing(State.PENDING, acted=(NOW - 3601, NOW - 50)), reading=reading
        )
        assert passed(move) == [(State.IN_PROGRESS, Reason.ACTING)]
        assert move.wants_step
        assert move.standing.acted == (NOW - 50, NOW)
        assert move.standing.measured == Sizes(9, 10)
        assert move.standing.message == GROW.summary

    @pytest.mark.parametrize(
        "reason", [Reason.BUDGET_EXHAUSTED, Reason.OTHER_RULE, Reason.COOLING_DOWN]
    )
    def test_it_waits_for_its_turn(self, reason: Reason) -> None:
        move = look(policy(), standing(State.PENDING), permission=Permission(reason, "not yet"))
        assert not move.transitions
        assert (move.standing.reason, move.standing.message) == (reason, "not yet")

    def test_a_budget_is_waited_for_here(self) -> None:
        exhausted = Permission(Reason.BUDGET_EXHAUSTED, "5 at once")
        move = look(policy(), standing(State.TRIGGERED), permission=exhausted)
        assert (move.standing.state, move.standing.reason) == (
            State.PENDING,
            Reason.BUDGET_EXHAUSTED,
        )

    def test_it_is_over_when_the_condition_clears(self) -> None:
        move = look(policy(), standing(State.PENDING), reading=cleared(NOW))
        assert passed(move) == [(State.NORMAL, Reason.CONDITION_CLEARED)]

    @pytest.mark.parametrize("reading", [None, DARK])
    def test_nothing_begins_while_nobody_knows(self, reading: Reading | None) -> None:
        move = look(policy(), standing(State.PENDING), reading=reading)
        assert move.standing.state is State.PENDING
        assert not move.wants_step

    def test_its_window_may_close_meanwhile(self) -> None:
        move = look(policy(), standing(State.PENDING), window=60.0)
        assert passed(move) == [(State.AWAITING_WINDOW, Reason.OUTSIDE_WINDOW)]
        assert move.standing.intents == (GROW,)

    def test_an_edited_rule_decides_anew(self) -> None:
        move = look(policy(generation=2), standing(State.PENDING), previews=[GROW_MORE])
        assert passed(move)[0] == (State.TRIGGERED, Reason.RULE_CHANGED)
        assert move.standing.intents == (GROW_MORE,)

    def test_without_stored_intents_it_decides_anew(self) -> None:
        move = look(policy(), standing(State.PENDING, intents=()))
        assert passed(move)[0] == (State.TRIGGERED, Reason.OBJECT_CHANGED)


class TestAfterAFailure:
    failed = standing(
        State.PENDING, NOW - 20, attempts=1, not_before=NOW, reason=Reason.ACTION_FAILED
    )

    def test_it_is_tried_again_from_a_new_preview(self) -> None:
        move = look(policy(), self.failed, previews=[GROW_MORE])
        assert passed(move) == [(State.IN_PROGRESS, Reason.ACTING)]
        assert move.standing.intents == (GROW_MORE,)
        assert move.standing.attempts == 1

    def test_the_cool_down_does_not_lie_between_its_attempts(self) -> None:
        assert look(policy(), replace(self.failed, acted=(NOW - 30,))).wants_step

    def test_an_edited_rule_waits_for_it(self) -> None:
        move = look(policy(generation=2), replace(self.failed, acted=(NOW - 30,)))
        assert passed(move) == [(State.TRIGGERED, Reason.RULE_CHANGED)]
        assert move.standing.reason == Reason.COOLING_DOWN

    def test_not_before_its_time(self) -> None:
        assert look(policy(), self.failed, NOW - 1).standing is self.failed

    def test_not_by_a_reading_from_before(self) -> None:
        assert look(policy(), self.failed, reading=met(NOW - 19.5)).standing is self.failed
        assert look(policy(), self.failed, reading=met(NOW - 19)).wants_step

    def test_what_was_done_is_not_done_again(self) -> None:
        rule = policy(actions=(ActionCall(RESIZE), ActionCall("webhook")))
        half = replace(self.failed, intents=(NOTIFY,))
        move = look(rule, half, previews=[BUSY, NOTIFY])
        assert move.wants_step
        assert move.standing.intents == (NOTIFY,)

    def test_something_else_is_to_be_approved_first(self) -> None:
        move = look(
            APPROVING, self.failed, approval=approval(Answer.APPROVED), previews=[GROW_MORE]
        )
        assert passed(move) == [
            (State.TRIGGERED, Reason.APPROVAL_OUTDATED),
            (State.AWAITING_APPROVAL, Reason.APPROVAL_NEEDED),
        ]

    def test_the_same_is_approved_still(self) -> None:
        move = look(APPROVING, self.failed, approval=approval(Answer.APPROVED))
        assert move.wants_step

    def test_it_may_be_refused_now(self) -> None:
        move = look(policy(), self.failed, previews=[AT_LIMIT])
        assert passed(move) == [(State.DECLINED, Reason.ACTION_DECLINED)]
        move = look(policy(), self.failed, previews=[BUSY])
        assert move.standing.not_before == NOW + 20


class TestInProgress:
    acting = standing(State.IN_PROGRESS, acted=(NOW - 100,), attempts=2)

    def test_a_step_is_wanted(self) -> None:
        assert look(policy(), self.acting) == Move(self.acting, wants_step=True)

    def test_after_a_deed_there_is_a_look(self) -> None:
        move = look(policy(), self.acting, outcome=Did({"asked": "20Gi"}))
        assert move.standing.intents[0].progress == {"asked": "20Gi"}
        assert not move.wants_step

    def test_it_says_what_it_waits_for_once(self) -> None:
        move = look(policy(), self.acting, outcome=Wait("the provider resizes it"))
        assert move.standing.message == "the provider resizes it"
        assert not move.wants_step
        again = look(policy(), move.standing, outcome=Wait("the provider resizes it"))
        assert again.standing is move.standing

    def test_done_it_is_taken(self) -> None:
        move = look(policy(), self.acting, outcome=Done("it has 20Gi"))
        assert passed(move) == [(State.TAKEN, Reason.ACTION_TAKEN)]
        assert (move.standing.intents, move.standing.attempts) == ((), 0)
        assert move.standing.acted == (NOW - 100,)
        assert move.standing.message == "it has 20Gi"

    def test_the_next_action_follows(self) -> None:
        both = replace(self.acting, intents=(GROW, NOTIFY), digest=digest([GROW, NOTIFY]))
        move = look(policy(), both, outcome=Done("it has 20Gi"))
        assert not move.transitions
        assert move.standing.intents == (NOTIFY,)
        assert move.standing.digest == both.digest
        assert move.wants_step

    def test_failed_it_is_pending_again_for_a_while(self) -> None:
        move = look(policy(), self.acting, outcome=Failed("the disk is full"))
        assert passed(move) == [(State.PENDING, Reason.ACTION_FAILED)]
        assert (move.standing.attempts, move.standing.not_before) == (3, NOW + 80)
        assert move.standing.intents == (GROW,)
        assert [(one.reason, one.message) for one in move.notices] == [
            (Reason.ACTION_FAILED, "the disk is full")
        ]

    @pytest.mark.parametrize(("attempts", "wait"), [(0, 20), (1, 40), (5, 600), (10**6, 600)])
    def test_the_wait_doubles_up_to_ten_minutes(self, attempts: int, wait: float) -> None:
        move = look(policy(), replace(self.acting, attempts=attempts), outcome=Failed("no"))
        assert move.standing.not_before == NOW + wait

    def test_refused_for_now_it_is_pending_without_a_failure(self) -> None:
        move = look(policy(), self.acting, outcome=LATER)
        assert passed(move) == [(State.PENDING, Reason.NOT_NOW)]
        assert move.standing.not_before == NOW + 7200
        assert not move.notices

    def test_refused_for_good_it_is_declined(self) -> None:
        move = look(policy(), self.acting, outcome=AT_LIMIT)
        assert passed(move) == [(State.DECLINED, Reason.ACTION_DECLINED)]

    @pytest.mark.parametrize(
        "seen",
        [
            {"reading": cleared(NOW)},
            {"reading": DARK},
            {"reading": None},
            {"window": 60.0},
            {"permission": Permission(Reason.OTHER_RULE, "rule b")},
            {"approval": None},
            {"approval": approval(Answer.DECLINED)},
        ],
    )
    def test_it_goes_on_whatever_changes_meanwhile(self, seen: dict[str, Any]) -> None:
        rule = replace(APPROVING, generation=7, action_windows=WINDOWS)
        assert look(rule, self.acting, **seen) == Move(self.acting, wants_step=True)

    def test_without_stored_intents_it_is_left_alone_for_a_while(self) -> None:
        move = look(policy(), replace(self.acting, intents=()))
        assert passed(move) == [(State.TAKEN, Reason.OBJECT_CHANGED)]
