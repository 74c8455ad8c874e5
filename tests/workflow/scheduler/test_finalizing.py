"""A resource that is being deleted."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.workflow.project.model import Phase
from kubervisor.workflow.scheduler.decision import plan, settle_finalizing
from kubervisor.workflow.scheduler.facts import (
    AddFinalizer,
    Failure,
    Reason,
    RemoveFinalizer,
    Rest,
    RunFinalizer,
    Settled,
)
from kubervisor.workflow.worker import Finalized
from tests.workflow.scheduler.canary import (
    BROKEN,
    CANARY,
    EVALUATING,
    FINALIZED,
    FINISHED,
    INTERVAL,
    NOW,
    OURS,
    WAITING,
    condition,
    state,
    status_in,
)


@pytest.mark.parametrize("phase", [WAITING, FINISHED, Phase("Nowhere")], ids=lambda one: one.name)
def test_whatever_its_phase_it_gets_the_finalizer_first(phase: Phase) -> None:
    found = state(status_in(phase), finalizers=("their/own",))
    assert plan(FINALIZED, found, NOW) == AddFinalizer()


@pytest.mark.parametrize("phase", [WAITING, FINISHED, Phase("Nowhere")], ids=lambda one: one.name)
def test_whatever_its_phase_the_finalizer_is_called(phase: Phase) -> None:
    found = state(status_in(phase), deleting=True, finalizers=("their/own", OURS))
    assert plan(FINALIZED, found, NOW) == RunFinalizer(phase.name, NOW)


def test_a_project_that_has_no_finalizer_any_more_holds_nothing_back() -> None:
    found = state(status_in(WAITING), deleting=True, finalizers=(OURS,))
    assert plan(CANARY, found, NOW) == RemoveFinalizer()


def test_others_finalizers_are_not_ours_to_act_on() -> None:
    found = state(status_in(WAITING), deleting=True, finalizers=("their/own",))
    assert plan(FINALIZED, found, NOW) == Rest(None)


def settled(status: dict[str, Any], result: Finalized | Failure) -> Settled:
    found = state(status, deleting=True, finalizers=(OURS,))
    return settle_finalizing(FINALIZED, found, result, NOW, work_interval=INTERVAL)


def test_once_it_is_done_nothing_is_written() -> None:
    assert settled(status_in(WAITING), Finalized()) == Settled(None, None)


def test_until_then_the_condition_says_what_it_waits_for() -> None:
    first = settled(status_in(WAITING, weight=10), Finalized(False, message="two pods are left"))
    assert first.again == INTERVAL
    assert first.status is not None
    assert (first.status["phase"], first.status["weight"]) == ("Waiting", 10)
    ready = condition(first.status, "Ready")
    assert (ready["reason"], ready["message"]) == ("Finalizing", "two pods are left")
    second = settled(first.status, Finalized(False, message="two pods are left", after=1))
    assert second == Settled(None, 1)


def test_a_final_phase_does_not_hide_it() -> None:
    first = settled(status_in(FINISHED), Finalized(False))
    assert first.status is not None
    assert condition(first.status, "Ready")["reason"] == "Finalizing"


def test_a_finalizer_that_fails_is_called_again_later_each_time_and_gives_never_up() -> None:
    status, waits = status_in(EVALUATING), []
    for _ in range(12):
        one = settled(status, BROKEN)
        status = status if one.status is None else one.status
        waits.append(one.again)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert status["phase"] == "Evaluating"
    assert condition(status, "Ready")["reason"] == "WorkerFailed"


def test_a_failure_is_told_once() -> None:
    first = settled(status_in(WAITING), BROKEN)
    assert [one.reason for one in first.events] == ["WorkerFailed"]
    assert settled(first.status or {}, BROKEN).events == ()


def test_with_an_invalid_spec_it_waits_for_the_spec_to_change() -> None:
    one = settled(status_in(WAITING), Failure(Reason.INVALID_SPEC, "spec.ports: too few"))
    assert one.again is None
    assert one.status is not None
    assert condition(one.status, "Ready")["reason"] == "InvalidSpec"


def test_an_improper_answer_is_a_failure() -> None:
    one = settled(status_in(WAITING), Finalized(after=-1))
    assert one.status is not None
    assert condition(one.status, "Ready")["reason"] == "WorkerFailed"
