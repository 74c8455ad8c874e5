"""From the first look at an object until its condition has held long enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.facts import (
    ApprovalWish,
    Move,
    Permission,
    Reading,
    WishKind,
)
from kubervisor.rules.decision.lifecycle import begin
from kubervisor.rules.decision.policy import ActionCall
from kubervisor.rules.decision.states import Reason, State
from tests.rules.looks import (
    APPROVING,
    AT_LIMIT,
    BUSY,
    DARK,
    GROW,
    LATER,
    NOTIFY,
    NOW,
    POLLS,
    WINDOWS,
    look,
    passed,
    previews,
    standing,
)
from tests.rules.policies import RESIZE, cleared, met, policy


class TestInitializing:
    def test_the_first_answer_makes_it_normal(self) -> None:
        move = look(policy(), begin(NOW), reading=cleared(NOW))
        assert passed(move) == [(State.NORMAL, Reason.STARTED)]

    def test_or_triggered_where_the_condition_holds_already(self) -> None:
        move = look(policy(), begin(NOW))
        assert passed(move) == [(State.TRIGGERED, Reason.CONDITION_MET)]
        assert move.standing.generation == 1

    @pytest.mark.parametrize("reading", [None, DARK])
    def test_without_an_answer_it_stays(self, reading: Reading | None) -> None:
        first = begin(NOW)
        assert look(policy(), first, reading=reading).standing is first


class TestNormal:
    def test_it_is_triggered_when_the_condition_holds(self) -> None:
        move = look(policy(), standing(State.NORMAL))
        assert passed(move) == [(State.TRIGGERED, Reason.CONDITION_MET)]
        assert move.standing.met_since == NOW
        assert move.standing.values == ("60",)
        assert move.standing.message == "usage is 60 (Gt 50)"

    @pytest.mark.parametrize("reading", [None, DARK, cleared(NOW)])
    def test_else_nothing_is_written(self, reading: Reading | None) -> None:
        normal = standing(State.NORMAL)
        assert look(policy(), normal, reading=reading) == Move(normal)

    def test_a_reading_as_old_as_the_state_is_no_evidence(self) -> None:
        normal = standing(State.NORMAL, since=NOW - 5)
        assert look(policy(), normal, reading=met(NOW - 4.1)).standing is normal
        assert look(policy(), normal, reading=met(NOW - 4)).transitions

    def test_an_edited_rule_writes_nothing(self) -> None:
        normal = standing(State.NORMAL)
        move = look(policy(generation=2), normal, reading=cleared(NOW))
        assert move.standing is normal

    def test_without_a_for_all_is_passed_at_one_look(self) -> None:
        move = look(policy(hold_for=0.0), standing(State.NORMAL))
        assert passed(move) == [
            (State.TRIGGERED, Reason.CONDITION_MET),
            (State.PENDING, Reason.HELD_LONG_ENOUGH),
            (State.IN_PROGRESS, Reason.ACTING),
        ]
        assert move.wants_step


class TestTriggered:
    def test_it_is_over_when_the_condition_clears(self) -> None:
        move = look(policy(), standing(State.TRIGGERED), reading=cleared(NOW))
        assert passed(move) == [(State.NORMAL, Reason.CONDITION_CLEARED)]
        assert (move.standing.met_since, move.standing.values) == (None, ())

    @pytest.mark.parametrize(("held", "acts"), [(29.0, False), (30.0, True)])
    def test_it_acts_once_the_condition_has_held_for_so_long(self, held: float, acts: bool) -> None:
        triggered = standing(State.TRIGGERED, since=NOW - held, met_since=NOW - held)
        assert bool(look(policy(), triggered).transitions) is acts

    def test_time_counts_only_as_far_as_it_was_seen(self) -> None:
        triggered = standing(State.TRIGGERED, met_since=NOW - 30)
        assert look(policy(), triggered, reading=met(NOW - 1)).standing is triggered
        assert look(policy(), triggered, reading=None).standing is triggered

    def test_other_values_are_not_written_while_it_holds(self) -> None:
        triggered = look(policy(), standing(State.NORMAL)).standing
        later = replace(met(NOW + 10), values=("61",), message="usage is 61 (Gt 50)")
        assert look(policy(), triggered, NOW + 10, reading=later).standing is triggered

    def test_time_without_data_begins_it_anew(self) -> None:
        move = look(policy(), standing(State.TRIGGERED), reading=DARK)
        assert not move.transitions
        assert move.standing.met_since is None
        assert move.standing.reason == Reason.STALE_METRIC
        move = look(policy(), move.standing, NOW + 10)
        assert move.standing.met_since == NOW + 10
        assert move.standing.reason == Reason.CONDITION_MET

    def test_it_asks_where_that_is_required(self) -> None:
        move = look(APPROVING, standing(State.TRIGGERED))
        assert passed(move) == [(State.AWAITING_APPROVAL, Reason.APPROVAL_NEEDED)]
        assert move.standing.intents == (GROW,)
        expiry = NOW + APPROVING.approval_expiry
        assert move.wish == ApprovalWish(WishKind.ASK, (GROW,), digest([GROW]), expiry)

    def test_it_waits_for_a_window(self) -> None:
        move = look(policy(action_windows=WINDOWS), standing(State.TRIGGERED), window=60.0)
        assert passed(move) == [(State.AWAITING_WINDOW, Reason.OUTSIDE_WINDOW)]
        assert move.standing.message == "the next action window opens at 1970-01-12T13:47:40Z"

    def test_a_window_that_never_opens_is_told(self) -> None:
        move = look(policy(action_windows=WINDOWS), standing(State.TRIGGERED), window=None)
        assert "no action window" in move.standing.message

    def test_what_is_refused_for_good_is_declined(self) -> None:
        move = look(policy(), standing(State.TRIGGERED), previews=[AT_LIMIT])
        assert passed(move) == [(State.DECLINED, Reason.ACTION_DECLINED)]
        assert move.standing.message == "it has its maxsize (AtMaximumSize)"

    def test_what_is_refused_for_now_is_looked_at_again_with_the_next_reading(self) -> None:
        move = look(policy(), standing(State.TRIGGERED), previews=[BUSY])
        assert not move.transitions
        assert move.standing.reason == Reason.NOT_NOW
        assert look(policy(), move.standing, NOW + 10, previews=[BUSY]).standing is move.standing
        assert look(policy(), move.standing, NOW + 10).transitions

    def test_and_not_before_the_instant_that_the_refusal_names(self) -> None:
        waits = look(policy(), standing(State.TRIGGERED), previews=[LATER]).standing
        assert waits.not_before == NOW + 7200
        assert look(policy(), waits, NOW + 7199).standing is waits
        assert look(policy(), waits, NOW + 7200).transitions

    def test_one_refused_action_refuses_the_whole_remedy(self) -> None:
        rule = policy(actions=(ActionCall("webhook"), ActionCall(RESIZE)))
        triggered = standing(State.TRIGGERED)
        assert look(rule, triggered, previews=[NOTIFY, BUSY]).standing.reason == Reason.NOT_NOW
        move = look(rule, triggered, previews=[BUSY, AT_LIMIT])
        assert move.standing.state is State.DECLINED

    @pytest.mark.parametrize("reason", [Reason.OTHER_RULE, Reason.COOLING_DOWN])
    def test_it_waits_for_other_rules_on_the_object(self, reason: Reason) -> None:
        waiting = Permission(reason, "rule a waits: rule b goes first")
        move = look(policy(), standing(State.TRIGGERED), permission=waiting)
        assert (move.standing.state, move.standing.reason) == (State.TRIGGERED, reason)
        assert move.standing.message == waiting.message

    def test_its_own_cool_down_lies_between_two_actions(self) -> None:
        triggered = standing(State.TRIGGERED, acted=(NOW - 299,))
        move = look(policy(), triggered)
        assert (move.standing.state, move.standing.reason) == (
            State.TRIGGERED,
            Reason.COOLING_DOWN,
        )
        assert move.standing.message.endswith("lasts until 1970-01-12T13:46:41Z")
        assert look(policy(), move.standing, NOW + 1).standing.state is State.IN_PROGRESS

    def test_a_conflict_is_told_once(self) -> None:
        conflict = Permission(Reason.OTHER_RULE, "rule a waits: rule b goes first")
        move = look(policy(), standing(State.TRIGGERED), permission=conflict)
        assert [notice.reason for notice in move.notices] == [Reason.OTHER_RULE]
        assert not look(policy(), move.standing, NOW + 10, permission=conflict).notices

    def test_a_rule_without_actions_only_reports(self) -> None:
        move = look(policy(actions=()), standing(State.TRIGGERED), previews=[])
        assert move.standing.state is State.TRIGGERED
        assert move.standing.reason == Reason.HELD_LONG_ENOUGH

    def test_in_a_dry_run_it_says_what_it_would_do(self) -> None:
        move = look(policy(dry_run=True, needs_approval=True), standing(State.TRIGGERED))
        assert (move.standing.state, move.wish) == (State.TRIGGERED, None)
        assert move.standing.reason == Reason.DRY_RUN
        assert move.standing.message == "dry run: would grow from 10Gi to 20Gi"

    def test_or_why_not(self) -> None:
        move = look(policy(dry_run=True), standing(State.TRIGGERED), previews=[AT_LIMIT])
        assert move.standing.message.startswith("dry run: nothing would be done: it has its")

    def test_a_dry_run_looks_again_about_once_a_minute(self) -> None:
        rehearsed = standing(State.TRIGGERED, reason=Reason.DRY_RUN)
        assert 0.1 < previews(policy(dry_run=True), rehearsed, 10.0) / POLLS < 0.25

    def test_an_edited_rule_counts_on_by_its_own_for(self) -> None:
        triggered = standing(State.TRIGGERED, met_since=NOW - 30, not_before=NOW + 99)
        move = look(policy(generation=2, hold_for=31.0), triggered)
        assert (move.standing.generation, move.standing.met_since) == (2, NOW - 30)
        assert look(policy(generation=2), triggered).standing.state is State.IN_PROGRESS


def test_instants_are_whole_seconds() -> None:
    move = look(policy(hold_for=0.0), begin(NOW + 0.5), NOW + 0.7)
    assert move.standing.since == move.standing.met_since == NOW
    assert move.standing.acted == (NOW,)
