"""The scheduler of the original, step by step, and where ours leaves it on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from kubervisor.workflow.project.model import Phase
from kubervisor.workflow.scheduler.decision import plan
from kubervisor.workflow.scheduler.facts import (
    AddFinalizer,
    Failure,
    Plan,
    Reason,
    ResourceState,
    Rest,
    RunFinalizer,
    RunWorker,
)
from kubervisor.workflow.worker import Outcome
from tests.workflow.scheduler.canary import (
    BROKEN,
    CANARY,
    EVALUATING,
    FINALIZED,
    FINISHED,
    INITIALIZING,
    INTERVAL,
    NOW,
    OURS,
    WAITING,
    Story,
    condition,
    state,
    status_in,
)


@dataclass(frozen=True)
class Due:
    """A resource as it is found, and what the original does about it."""

    name: str
    found: ResourceState
    is_due: type[Plan]
    phase: Phase | None = None
    finalized: bool = False


DUE = (
    Due("no phase: the initial worker", state(), RunWorker, INITIALIZING),
    Due("an empty phase likewise", state({"phase": ""}), RunWorker, INITIALIZING),
    Due("the initial phase likewise", state(status_in(INITIALIZING)), RunWorker, INITIALIZING),
    Due("any other: its own worker", state(status_in(WAITING)), RunWorker, WAITING),
    Due("the final one: nobody's", state(status_in(FINISHED)), Rest),
    Due("one that is none: nobody's", state(status_in(Phase("Nowhere"))), Rest),
    Due("a finalizer comes first", state(), AddFinalizer, finalized=True),
    Due("then the worker", state(finalizers=(OURS,)), RunWorker, INITIALIZING, finalized=True),
    Due(
        "of what is being deleted, the finalizer alone",
        state(status_in(WAITING), deleting=True, finalizers=(OURS,)),
        RunFinalizer,
        finalized=True,
    ),
    Due("and nobody once it is gone", state(deleting=True), Rest, finalized=True),
)


@pytest.mark.parametrize("case", DUE, ids=lambda case: case.name)
def test_who_is_due(case: Due) -> None:
    due = plan(FINALIZED if case.finalized else CANARY, case.found, NOW)
    assert isinstance(due, case.is_due)
    if isinstance(due, RunWorker):
        assert due.phase == case.phase


@dataclass(frozen=True)
class Synced:
    """What a worker returned, and what the original stores of it and when it comes again."""

    name: str
    began: Phase
    outcome: Outcome[Any]
    stored: str
    again: float | None
    user_status: dict[str, Any] | None = None
    info: dict[str, Any] = field(default_factory=lambda: {"weight": 10})


SYNCED = (
    Synced("the same phase: after the work interval", WAITING, Outcome("Waiting"), "Waiting", 5.0),
    Synced("another: at once", WAITING, Outcome("Evaluating"), "Evaluating", 0.0),
    Synced("any phase may follow any", INITIALIZING, Outcome("Promoting"), "Promoting", 0.0),
    Synced("the final one: never", WAITING, Outcome("Finished"), "Finished", None),
    Synced("none at all is the initial one", WAITING, Outcome(""), "Initializing", 0.0),
    Synced(
        "a status replaces all of the last one",
        WAITING,
        Outcome("Waiting"),
        "Waiting",
        5.0,
        user_status={"started": "now"},
        info={"started": "now"},
    ),
    Synced(
        "no status leaves it", EVALUATING, Outcome("RollBack"), "RollBack", 0.0, user_status=None
    ),
)


@pytest.mark.parametrize("case", SYNCED, ids=lambda case: case.name)
def test_what_is_stored_of_an_outcome(case: Synced) -> None:
    story = Story(status=status_in(case.began, weight=10), generation=3)
    settled = story.sync(case.outcome, case.user_status)
    assert settled.again == case.again
    assert story.status["phase"] == case.stored
    assert story.status["observedGeneration"] == 3
    user = {name: story.status[name] for name in ("weight", "started") if name in story.status}
    assert user == case.info


def test_the_status_is_written_only_where_it_differs() -> None:
    story = Story()
    assert story.sync(Outcome("Initializing")).status is not None
    for _ in range(3):
        story.passes(INTERVAL)
        assert story.sync(Outcome("Initializing")).status is None


def test_a_worker_that_fails_leaves_phase_and_status_and_comes_again_later_each_time() -> None:
    story = Story(status=status_in(WAITING, weight=10))
    waits = []
    for _ in range(8):
        waits.append(story.sync(BROKEN).again)
        story.passes(waits[-1] or 0)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (story.status["phase"], story.status["weight"]) == ("Waiting", 10)
    assert story.status["observedGeneration"] == 1


def test_an_output_that_fails_does_not_advance_the_phase() -> None:
    story = Story(status=status_in(WAITING))
    story.sync(Failure(Reason.OUTPUT_FAILED, "services shop/cart: forbidden"))
    assert story.status["phase"] == "Waiting"
    assert story.plan() == RunWorker(WAITING, NOW)


class TestOtherwiseThanTheOriginal:
    def test_a_phase_that_is_none_is_refused_before_it_is_stored(self) -> None:
        story = Story(status=status_in(WAITING))
        settled = story.sync(Outcome("Wating", message="a slip of the pen"))
        assert settled.again == 1
        assert story.status["phase"] == "Waiting"
        ready = condition(story.status, "Ready")
        assert (ready["status"], ready["reason"]) == ("False", "TransitionRefused")
        assert '"Wating"' in ready["message"]

    def test_a_stored_phase_that_is_none_is_a_condition_and_no_error_for_ever(self) -> None:
        story = Story(status=status_in(Phase("Nowhere")))
        assert isinstance(story.plan(), Rest)
        ready = condition(story.status, "Ready")
        assert (ready["status"], ready["reason"]) == ("False", "UnknownPhase")
        assert "Initializing, Waiting, Evaluating" in ready["message"]
        assert story.plan() == Rest(None)

    def test_the_final_phase_stays_final_whatever_happens_to_the_resource(self) -> None:
        story = Story(status=status_in(FINISHED))
        story.plan()
        assert story.plan() == Rest(None)
        story.generation = 2
        due = story.plan()
        assert isinstance(due, Rest)
        assert story.status["observedGeneration"] == 1  # that of the last sync
        assert condition(story.status, "Complete")["observedGeneration"] == 2
        assert story.plan() == Rest(None)

    def test_a_failure_is_told_in_the_status(self) -> None:
        story = Story(status=status_in(WAITING))
        story.sync(BROKEN)
        ready = condition(story.status, "Ready")
        assert (ready["reason"], ready["message"]) == ("WorkerFailed", "ValueError: no pods")
        assert story.status["phaseFailures"] == 1

    def test_deleted_without_our_finalizer_nothing_is_done_any_more(self) -> None:
        deleted = replace(state(status_in(WAITING), finalizers=("their/own",)), deleting=True)
        assert plan(CANARY, deleted, NOW) == Rest(None)
