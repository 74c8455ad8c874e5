"""After an action or a refusal; and a clock that is set back."""

from __future__ import annotations

import pytest

from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    Move,
    Reading,
)
from kubervisor.rules.decision.states import Reason, Sizes, Standing, State
from tests.rules.looks import (
    APPROVING,
    DARK,
    NOW,
    POLLS,
    approval,
    look,
    look_once,
    passed,
    previews,
    standing,
)
from tests.rules.policies import cleared, met, policy


class TestTaken:
    taken = standing(State.TAKEN, NOW - 300, acted=(NOW - 400,), measured=Sizes(9, 10))

    def test_it_is_left_alone_for_the_cool_down(self) -> None:
        assert look(policy(), self.taken, NOW - 1) == Move(self.taken)

    def test_then_it_is_normal(self) -> None:
        move = look(policy(), self.taken, reading=cleared(NOW))
        assert passed(move) == [(State.NORMAL, Reason.COOL_DOWN_OVER)]
        assert move.standing.acted == (NOW - 400,)
        assert move.standing.measured == Sizes(9, 10)

    def test_the_next_reading_may_trigger_it_again(self) -> None:
        normal = look(policy(), self.taken).standing
        assert normal.state is State.NORMAL
        assert look(policy(), normal, NOW + 10).standing.state is State.TRIGGERED

    def test_the_approval_stays_as_a_record(self) -> None:
        assert look(APPROVING, self.taken, approval=approval(Answer.APPROVED)).wish is None


class TestDeclined:
    by_limit = standing(State.DECLINED, NOW - 120, reason=Reason.ACTION_DECLINED)
    by_people = standing(State.DECLINED, NOW - 120, reason=Reason.APPROVAL_DECLINED)

    @pytest.mark.parametrize("declined", [by_limit, by_people])
    def test_it_is_over_when_the_condition_clears(self, declined: Standing) -> None:
        move = look(APPROVING, declined, reading=cleared(NOW), approval=approval(Answer.DECLINED))
        assert passed(move) == [(State.NORMAL, Reason.CONDITION_CLEARED)]
        assert move.wish is None

    def test_people_declined_it_for_good(self) -> None:
        move = look(APPROVING, self.by_people, approval=approval(Answer.DECLINED))
        assert move == Move(self.by_people)

    @pytest.mark.parametrize("view", [None, approval(Answer.APPROVED), approval(Answer.PENDING)])
    def test_until_the_approval_is_deleted(self, view: ApprovalView | None) -> None:
        move = look_once(APPROVING, self.by_people, reading=met(NOW), approval=view)
        assert passed(move) == [(State.TRIGGERED, Reason.APPROVAL_DELETED)]
        assert move.standing.met_since == NOW

    @pytest.mark.parametrize("every", [10.0, 30.0, 60.0])
    def test_a_limit_is_looked_at_again_now_and_then(self, every: float) -> None:
        made = previews(policy(), self.by_limit, every)
        assert 0.1 < made / POLLS < 0.25, "once a minute where it is polled every 10 s"

    def test_a_limit_that_is_gone_lets_it_be_triggered(self) -> None:
        move = look(policy(poll_interval=60.0), self.by_limit)
        assert passed(move) == [(State.TRIGGERED, Reason.OBJECT_CHANGED)]
        assert move.standing.met_since == NOW

    @pytest.mark.parametrize("reading", [None, DARK])
    def test_nobody_knowing_leaves_it_as_it_is(self, reading: Reading | None) -> None:
        assert look(policy(), self.by_limit, reading=reading).standing is self.by_limit

    def test_an_edited_rule_tries_anew(self) -> None:
        move = look(policy(generation=2), self.by_limit)
        assert passed(move) == [(State.TRIGGERED, Reason.RULE_CHANGED)]

    def test_but_what_people_declined_stays_declined(self) -> None:
        rule = policy(generation=2, needs_approval=True, hold_for=0.0)
        move = look(rule, self.by_people, approval=approval(Answer.DECLINED))
        assert move.standing.state is State.DECLINED


class TestAClockThatIsSetBack:
    def test_a_cool_down_is_no_longer_than_it_would_have_been(self) -> None:
        taken = standing(State.TAKEN, NOW)
        moved = look(policy(), taken, NOW - 90_000, reading=None).standing
        assert moved.since == NOW - 90_000
        move = look(policy(), moved, NOW - 90_000 + 300, reading=None)
        assert passed(move) == [(State.NORMAL, Reason.COOL_DOWN_OVER)]

    def test_a_retry_comes_no_later(self) -> None:
        failed = standing(State.PENDING, NOW, attempts=1, not_before=NOW + 20)
        moved = look(policy(), failed, NOW - 90_000, reading=None).standing
        assert moved.not_before == NOW - 90_000 + 20

    def test_for_counts_on(self) -> None:
        triggered = standing(State.TRIGGERED, NOW, met_since=NOW - 20)
        moved = look(policy(), triggered, NOW - 90_000).standing
        assert moved.met_since == NOW - 90_020

    def test_actions_are_not_forgotten_sooner(self) -> None:
        normal = standing(State.NORMAL, NOW - 100_000, acted=(NOW - 95_000, NOW - 10))
        moved = look(policy(), normal, NOW - 90_000, reading=None).standing
        assert moved.acted == (NOW - 95_000, NOW - 90_000)

    def test_a_reading_of_the_future_says_nothing(self) -> None:
        normal = standing(State.NORMAL)
        assert look(policy(), normal, reading=met(NOW + 1)).standing is normal

    def test_an_approval_given_meanwhile_counts(self) -> None:
        view = approval(Answer.APPROVED, asked=NOW)
        move = look(APPROVING, standing(State.AWAITING_APPROVAL, NOW), NOW - 90_000, approval=view)
        assert move.standing.state is State.IN_PROGRESS
