"""Asking people, and what comes of their answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    ApprovalWish,
    Move,
    Permission,
    WishKind,
)
from kubervisor.rules.decision.states import Reason, State
from tests.rules.looks import (
    APPROVING,
    AT_LIMIT,
    BUSY,
    DARK,
    GROW,
    GROW_MORE,
    NOTIFY,
    NOW,
    approval,
    look,
    look_once,
    passed,
    standing,
)
from tests.rules.policies import cleared, policy


class TestAwaitingApproval:
    waiting = standing(State.AWAITING_APPROVAL, reason=Reason.APPROVAL_NEEDED)

    def test_nothing_is_written_while_nobody_answers(self) -> None:
        assert look(APPROVING, self.waiting, approval=approval(Answer.PENDING)) == Move(
            self.waiting
        )

    def test_it_is_asked_until_the_question_is_there(self) -> None:
        move = look(APPROVING, self.waiting)
        assert move.standing is self.waiting
        assert move.wish
        assert move.wish.kind is WishKind.ASK

    def test_approved_it_goes_on(self) -> None:
        move = look(APPROVING, self.waiting, approval=approval(Answer.APPROVED))
        assert passed(move) == [
            (State.PENDING, Reason.APPROVED),
            (State.IN_PROGRESS, Reason.ACTING),
        ]
        assert move.wish is None

    def test_approved_it_waits_for_a_window(self) -> None:
        move = look(APPROVING, self.waiting, approval=approval(Answer.APPROVED), window=60.0)
        assert passed(move) == [(State.AWAITING_WINDOW, Reason.OUTSIDE_WINDOW)]

    @pytest.mark.parametrize("asked", [NOW - 100, 0.0])
    def test_declined_it_is_declined_whenever_that_was(self, asked: float) -> None:
        move = look(APPROVING, self.waiting, approval=approval(Answer.DECLINED, asked, NOTIFY))
        assert passed(move) == [(State.DECLINED, Reason.APPROVAL_DECLINED)]
        assert move.wish is None

    def test_the_question_is_taken_back_when_the_condition_clears(self) -> None:
        for answer in (Answer.PENDING, Answer.APPROVED):
            move = look_once(
                APPROVING, self.waiting, reading=cleared(NOW), approval=approval(answer)
            )
            assert passed(move) == [(State.NORMAL, Reason.CONDITION_CLEARED)]
            assert move.wish == ApprovalWish(WishKind.CANCEL)

    def test_nobody_knowing_leaves_it_as_it_is(self) -> None:
        assert (
            look(APPROVING, self.waiting, reading=DARK, approval=approval(Answer.PENDING)).standing
            is self.waiting
        )

    def test_nothing_is_done_while_nobody_knows(self) -> None:
        move = look(APPROVING, self.waiting, reading=DARK, approval=approval(Answer.APPROVED))
        assert move.standing.state is State.AWAITING_APPROVAL
        assert move.standing.reason == Reason.STALE_METRIC

    def test_an_approval_of_something_else_is_asked_for_anew(self) -> None:
        move = look(
            APPROVING, self.waiting, approval=approval(Answer.APPROVED), previews=[GROW_MORE]
        )
        assert not move.transitions
        assert move.standing.intents == (GROW_MORE,)
        assert move.standing.reason == Reason.APPROVAL_OUTDATED
        assert move.wish
        assert (move.wish.kind, move.wish.digest) == (WishKind.RESET, digest([GROW_MORE]))

    def test_an_approval_of_an_earlier_question_does_not_count(self) -> None:
        old = approval(Answer.APPROVED, asked=NOW - 101)
        move = look(APPROVING, self.waiting, approval=old)
        assert move.standing is self.waiting
        assert move.wish
        assert move.wish.kind is WishKind.RESET

    def test_nor_does_one_without_our_digest(self) -> None:
        forged = replace(approval(Answer.APPROVED), digest="")
        move = look(APPROVING, self.waiting, approval=forged)
        assert move.wish
        assert move.wish.kind is WishKind.RESET

    def test_one_that_was_canceled_is_asked_for_again(self) -> None:
        move = look(APPROVING, self.waiting, approval=approval(Answer.CANCELED))
        assert move.wish
        assert move.wish.kind is WishKind.RESET

    @pytest.mark.parametrize("answer", [Answer.PENDING, Answer.APPROVED])
    def test_nobody_having_answered_in_time_it_is_asked_anew(self, answer: Answer) -> None:
        rule = replace(APPROVING, approval_expiry=100.0)
        view = ApprovalView(answer, digest([GROW]), NOW)
        move = look(rule, self.waiting, approval=view, previews=[GROW_MORE])
        assert not move.transitions
        assert (move.standing.since, move.standing.intents) == (NOW, (GROW_MORE,))
        assert move.standing.reason == Reason.APPROVAL_EXPIRED
        assert move.wish
        assert (move.wish.kind, move.wish.expires_at) == (WishKind.RESET, NOW + 100)

    def test_a_second_before_that_an_answer_counts(self) -> None:
        rule = replace(APPROVING, approval_expiry=101.0)
        view = ApprovalView(Answer.APPROVED, digest([GROW]), NOW + 1)
        assert look(rule, self.waiting, approval=view).standing.state is State.IN_PROGRESS

    def test_what_is_refused_now_is_not_done_though_approved(self) -> None:
        move = look(
            APPROVING, self.waiting, approval=approval(Answer.APPROVED), previews=[AT_LIMIT]
        )
        assert passed(move) == [(State.DECLINED, Reason.ACTION_DECLINED)]
        move = look(APPROVING, self.waiting, approval=approval(Answer.APPROVED), previews=[BUSY])
        assert (move.standing.state, move.standing.reason) == (
            State.AWAITING_APPROVAL,
            Reason.NOT_NOW,
        )

    def test_another_rule_goes_first_though_it_is_approved(self) -> None:
        move = look(
            APPROVING,
            self.waiting,
            approval=approval(Answer.APPROVED),
            permission=Permission(Reason.OTHER_RULE, "rule b goes first"),
        )
        assert move.standing.state is State.AWAITING_APPROVAL
        assert move.standing.reason == Reason.OTHER_RULE

    def test_an_edited_rule_asks_anew(self) -> None:
        rule = replace(APPROVING, generation=2)
        move = look(rule, self.waiting, approval=approval(Answer.APPROVED), previews=[GROW_MORE])
        assert passed(move) == [
            (State.TRIGGERED, Reason.RULE_CHANGED),
            (State.AWAITING_APPROVAL, Reason.APPROVAL_NEEDED),
        ]
        assert move.wish
        assert move.wish.kind is WishKind.RESET

    def test_a_rule_that_asks_no_more_takes_the_question_back(self) -> None:
        move = look(policy(generation=2), self.waiting, approval=approval(Answer.PENDING))
        assert move.standing.state is State.IN_PROGRESS
        assert move.wish == ApprovalWish(WishKind.CANCEL)


@pytest.mark.parametrize("state", [State.AWAITING_WINDOW, State.PENDING])
class TestAnApprovalTakenBack:
    """Before it has begun."""

    def test_declined(self, state: State) -> None:
        move = look(APPROVING, standing(state), approval=approval(Answer.DECLINED))
        assert passed(move) == [(State.DECLINED, Reason.APPROVAL_DECLINED)]

    def test_deleted(self, state: State) -> None:
        move = look(APPROVING, standing(state))
        assert passed(move)[0] == (State.TRIGGERED, Reason.APPROVAL_DELETED)
        assert move.standing.state is State.AWAITING_APPROVAL

    @pytest.mark.parametrize("answer", [Answer.PENDING, Answer.CANCELED])
    def test_undecided(self, state: State, answer: Answer) -> None:
        move = look(APPROVING, standing(state), approval=approval(answer))
        assert passed(move)[0] == (State.TRIGGERED, Reason.APPROVAL_OUTDATED)
        assert move.wish
        assert move.wish.kind is WishKind.RESET

    def test_of_something_else(self, state: State) -> None:
        other = approval(Answer.APPROVED, NOW - 100, GROW_MORE)
        move = look(APPROVING, standing(state), approval=other)
        assert passed(move)[0] == (State.TRIGGERED, Reason.APPROVAL_OUTDATED)
