"""How a resource goes from phase to phase: transitions, time-outs, giving up, others' edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kubervisor.workflow.project.model import Phase
from kubervisor.workflow.scheduler.facts import Event, Failure, MoveOn, Reason, Rest, RunWorker
from kubervisor.workflow.scheduler.history import MOST_ENTRIES
from kubervisor.workflow.worker import Outcome
from tests.workflow.scheduler.canary import (
    BROKEN,
    CANARY,
    EVALUATING,
    FINISHED,
    NOW,
    ROLL_BACK,
    WAITING,
    Story,
    condition,
    project_with,
    status_in,
)

HOUR = 3600.0


class TestMoving:
    def test_the_status_says_since_when_why_and_from_where(self) -> None:
        story = Story()
        story.sync(Outcome("Initializing"))
        story.passes(5)
        story.sync(Outcome("Waiting", message="all\nthere"))
        assert story.status["phase"] == "Waiting"
        assert story.status["phaseSince"] == "2026-03-01T12:00:05.250000Z"
        assert story.status["phaseMessage"] == "all there"
        assert story.status["phaseHistory"] == [
            {"phase": "Initializing", "since": "2026-03-01T12:00:00.250000Z"},
            {"phase": "Waiting", "since": "2026-03-01T12:00:05.250000Z", "message": "all there"},
        ]
        assert story.events == [
            Event("Normal", Reason.PHASE_CHANGED, "Initializing → Waiting: all there")
        ]

    def test_a_first_sync_that_moves_on_tells_both_phases(self) -> None:
        story = Story()
        story.sync(Outcome("Waiting"))
        assert [one["phase"] for one in story.status["phaseHistory"]] == ["Initializing", "Waiting"]

    def test_to_stay_is_no_news(self) -> None:
        story = Story(status=status_in(WAITING))
        story.sync(Outcome("Waiting", message="nothing new"))
        assert story.events == []
        assert story.status["phaseMessage"] == "nothing new"
        assert len(story.status["phaseHistory"]) == 1

    def test_the_history_forgets_the_oldest(self) -> None:
        story = Story(status=status_in(WAITING))
        for number in range(3 * MOST_ENTRIES):
            story.sync(Outcome("Promoting" if number % 2 == 0 else "Waiting", message=str(number)))
        assert len(story.status["phaseHistory"]) == MOST_ENTRIES
        assert story.status["phaseHistory"][-1]["message"] == str(3 * MOST_ENTRIES - 1)

    @pytest.mark.parametrize(
        ("next", "is_allowed"),
        [("Evaluating", True), ("Promoting", True), ("RollBack", True), ("Waiting", False)],
    )
    def test_where_the_project_says_what_follows_nothing_else_does(
        self, next: str, is_allowed: bool
    ) -> None:
        story = Story(status=status_in(EVALUATING, weight=5))
        story.sync(Outcome(next), {"weight": 10})
        stored = (story.status["phase"], story.status["weight"])
        assert stored == ((next, 10) if is_allowed else ("Evaluating", 5))
        if not is_allowed:
            assert condition(story.status, "Ready")["message"] == (
                "the worker of Evaluating returned Waiting; by the project's `next`, "
                "Promoting, RollBack may follow"
            )

    def test_the_worker_says_when_it_is_called_again(self) -> None:
        assert Story(status=status_in(WAITING)).sync(Outcome("Waiting", after=0.5)).again == 0.5
        assert Story(status=status_in(WAITING)).sync(Outcome("Promoting", after=3)).again == 3
        assert Story(status=status_in(WAITING)).sync(Outcome("Finished", after=3)).again is None

    def test_a_phase_has_its_own_work_interval(self) -> None:
        assert Story(status=status_in(EVALUATING)).sync(Outcome("Evaluating")).again == 2

    def test_a_final_phase_is_complete_with_the_sync_that_leads_to_it(self) -> None:
        story = Story(status=status_in(WAITING))
        story.sync(Outcome("Waiting"))
        assert condition(story.status, "Complete")["status"] == "False"
        story.sync(Outcome("Finished"))
        assert condition(story.status, "Complete")["status"] == "True"
        assert condition(story.status, "Ready")["reason"] == "Resting"
        assert story.plan() == Rest(None)


class TestTimeOuts:
    def test_the_phase_is_left_without_its_worker(self) -> None:
        story = Story(status=status_in(EVALUATING, weight=50, phaseFailures=2))
        story.passes(599.9)
        assert isinstance(story.plan(), RunWorker)
        story.passes(0.1)
        assert isinstance(story.plan(), MoveOn)
        assert story.status["phase"] == "RollBack"
        assert story.status["weight"] == 50
        assert "phaseFailures" not in story.status
        assert story.events == [
            Event(
                "Warning",
                Reason.PHASE_TIMED_OUT,
                "Evaluating → RollBack: not done within 600 s",
            )
        ]
        assert isinstance(story.plan(), RunWorker)

    def test_it_is_looked_at_when_the_time_is_over(self) -> None:
        story = Story(status=status_in(EVALUATING))
        story.passes(599)
        assert story.sync(Outcome("Evaluating")).again == pytest.approx(1)
        assert story.sync(Outcome("Evaluating", after=300)).again == pytest.approx(1)
        for _ in range(2):
            assert story.sync(BROKEN).again == pytest.approx(1)

    def test_also_while_the_spec_is_invalid(self) -> None:
        story = Story(status=status_in(EVALUATING))
        story.passes(400)
        settled = story.sync(Failure(Reason.INVALID_SPEC, "spec.ports: a list is needed"))
        assert settled.again == pytest.approx(200)

    def test_into_a_final_phase_it_is_complete(self) -> None:
        project = project_with(replace(EVALUATING, on_timeout="Finished"))
        story = Story(project, status=status_in(EVALUATING))
        story.passes(HOUR)
        story.plan()
        assert condition(story.status, "Complete")["status"] == "True"
        assert story.plan() == Rest(None)

    def test_the_same_phase_begins_anew(self) -> None:
        project = project_with(replace(EVALUATING, on_timeout="Evaluating"))
        story = Story(project, status=status_in(EVALUATING))
        story.passes(HOUR)
        story.plan()
        assert story.plan() == RunWorker(project.phases[2], story.now)

    @pytest.mark.parametrize("since", [None, "soon", 7, "2026-03-01", "9999-12-31T23:59:59Z"])
    def test_an_instant_that_is_none_or_to_come_is_now_and_counts_from_then(
        self, since: object
    ) -> None:
        story = Story(status=status_in(EVALUATING) | {"phaseSince": since})
        assert story.plan() == RunWorker(EVALUATING, NOW)
        story.sync(BROKEN)
        story.passes(600)
        assert isinstance(story.plan(), MoveOn)

    def test_a_clock_set_back_makes_no_phase_longer_than_from_now_on(self) -> None:
        story = Story(status=status_in(EVALUATING, since=NOW + timedelta(days=30)))
        assert story.sync(Outcome("Evaluating")).status is not None
        story.passes(600)
        assert isinstance(story.plan(), MoveOn)


class TestGivingUp:
    def test_after_the_retries_it_goes_where_the_project_says(self) -> None:
        story = Story(status=status_in(EVALUATING, weight=50))
        for _ in range(3):
            story.sync(BROKEN)
            assert story.status["phase"] == "Evaluating"
        assert story.status["phaseFailures"] == 3
        settled = story.sync(BROKEN)
        assert settled.again == 1
        assert (story.status["phase"], story.status["weight"]) == ("RollBack", 50)
        assert story.events[-1] == Event(
            "Warning",
            Reason.PHASE_GIVEN_UP,
            "Evaluating → RollBack: gave up after 4 failed syncs: ValueError: no pods",
        )
        assert condition(story.status, "Ready")["status"] == "False"
        assert isinstance(story.plan(), RunWorker)

    def test_only_failures_in_a_row_count(self) -> None:
        story = Story(status=status_in(EVALUATING))
        for _ in range(5):
            for _ in range(3):
                story.sync(BROKEN)
            story.sync(Outcome("Evaluating"))
        assert story.status["phase"] == "Evaluating"
        assert "phaseFailures" not in story.status

    def test_without_a_retry_the_first_failure_is_the_last(self) -> None:
        project = project_with(replace(WAITING, retries=0, on_failure="Finished"))
        story = Story(project, status=status_in(WAITING))
        assert story.sync(BROKEN).again is None
        assert condition(story.status, "Complete")["status"] == "True"

    def test_more_retries_than_are_usually_counted_are_counted(self) -> None:
        project = project_with(replace(WAITING, retries=30, on_failure="RollBack"))
        story = Story(project, status=status_in(WAITING))
        for _ in range(30):
            story.sync(BROKEN)
        assert story.status["phase"] == "Waiting"
        story.sync(BROKEN)
        assert story.status["phase"] == "RollBack"

    def test_an_invalid_spec_is_no_attempt_and_not_tried_again(self) -> None:
        project = project_with(replace(WAITING, retries=0, on_failure="RollBack"))
        story = Story(project, status=status_in(WAITING))
        assert story.sync(Failure(Reason.INVALID_SPEC, "spec.ports: too few")).again is None
        assert story.status["phase"] == "Waiting"
        assert "phaseFailures" not in story.status
        ready = condition(story.status, "Ready")
        assert (ready["reason"], ready["message"]) == ("InvalidSpec", "spec.ports: too few")

    def test_a_failure_is_told_once_and_again_when_it_is_another(self) -> None:
        story = Story(status=status_in(WAITING))
        for _ in range(3):
            story.sync(BROKEN)
        story.sync(Failure(Reason.OUTPUT_REFUSED, "services shop/cart exists"))
        story.sync(BROKEN)
        told = [(one.type, one.reason) for one in story.events]
        assert told == [
            ("Warning", "WorkerFailed"),
            ("Warning", "OutputRefused"),
            ("Warning", "WorkerFailed"),
        ]

    def test_what_fails_for_ever_is_written_no_more(self) -> None:
        story = Story(status=status_in(WAITING))
        for _ in range(40):
            story.sync(BROKEN)
        written = story.writes
        settled = story.sync(BROKEN)
        assert (settled.status, settled.again) == (None, 60)
        assert story.writes == written


class TestEditsOfOthers:
    def test_a_phase_set_by_hand_begins_when_it_is_seen(self) -> None:
        story = Story(status=status_in(WAITING, phaseFailures=3))
        story.passes(HOUR)
        story.status = story.status | {"phase": "Evaluating"}
        assert story.plan() == RunWorker(EVALUATING, story.now)
        story.sync(BROKEN)
        assert story.status["phaseFailures"] == 1
        last = story.status["phaseHistory"][-1]
        assert (last["phase"], last["message"]) == ("Evaluating", "set from outside the operator")

    def test_a_phase_that_is_removed_begins_the_workflow_anew(self) -> None:
        story = Story(status=status_in(FINISHED))
        story.plan()
        del story.status["phase"]
        due = story.plan()
        assert isinstance(due, RunWorker)
        assert due.phase.name == "Initializing"
        story.sync(Outcome("Initializing"))
        assert condition(story.status, "Complete")["status"] == "False"

    @pytest.mark.parametrize("phase", [7, True, ["Waiting"], {"a": 1}, "Nowhere", "x" * 10_000])
    def test_a_phase_that_is_none_stops_everything_until_it_is_put_right(
        self, phase: object
    ) -> None:
        story = Story(status=status_in(WAITING) | {"phase": phase})
        assert isinstance(story.plan(), Rest)
        assert isinstance(story.status["phase"], str)
        assert len(str(story.status)) < 3000
        assert story.plan() == Rest(None)
        story.status = story.status | {"phase": "Waiting"}
        assert story.plan() == RunWorker(WAITING, story.now)

    @pytest.mark.parametrize(
        "garbage",
        [
            {"phaseHistory": "no list"},
            {"phaseHistory": [None, 7, {}, {"phase": "Waiting"}, {"since": "x"}]},
            {"phaseHistory": [{"phase": ["Waiting"], "since": "2026-03-01T12:00:00Z"}]},
            {"conditions": {"type": "Ready"}},
            {"conditions": [None, {"type": "Ready"}, {"type": "Ready", "status": True}]},
            {"phaseFailures": -3},
            {"phaseFailures": "many"},
            {"phaseFailures": True},
            {"phaseMessage": ["no", "text"]},
            {"observedGeneration": "1"},
        ],
        ids=str,
    )
    def test_what_is_unreadable_is_as_if_it_were_not_there(
        self, garbage: dict[str, object]
    ) -> None:
        sane, edited = Story(status=status_in(WAITING)), Story(status=status_in(WAITING) | garbage)
        for story in (sane, edited):
            story.sync(Outcome("Waiting"))
        assert edited.status == sane.status

    def test_others_conditions_stay_as_they_are_but_not_any_number_of_them(self) -> None:
        theirs = [
            {
                "type": f"example.com/{number}",
                "status": "Unknown",
                "reason": "Because",
                "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
            for number in range(200)
        ]
        story = Story(status=status_in(WAITING, conditions=theirs))
        story.sync(Outcome("Waiting"))
        assert story.status["conditions"][:14] == theirs[:14]
        assert [one["type"] for one in story.status["conditions"][14:]] == ["Ready", "Complete"]

    def test_of_two_conditions_of_a_type_the_first_counts(self) -> None:
        story = Story()
        story.sync(Outcome("Initializing"))
        ready = condition(story.status, "Ready")
        story.status["conditions"].append(ready | {"lastTransitionTime": "2020-01-01T00:00:00Z"})
        story.sync(Outcome("Initializing"))
        assert condition(story.status, "Ready") == ready
        assert len(story.status["conditions"]) == 2

    def test_a_long_history_is_cut_to_its_end(self) -> None:
        story = Story(status=status_in(WAITING))
        (entry,) = story.status["phaseHistory"]
        story.status["phaseHistory"] = [entry | {"message": str(n)} for n in range(1000)]
        story.sync(Outcome("Waiting"))
        kept = [one["message"] for one in story.status["phaseHistory"]]
        assert kept == [str(n) for n in range(1000 - MOST_ENTRIES, 1000)]

    def test_an_instant_that_is_put_right_is_put_right_in_the_history_too(self) -> None:
        story = Story(status=status_in(WAITING, since=NOW + timedelta(days=1)))
        story.sync(Outcome("Waiting"))
        (entry,) = story.status["phaseHistory"]
        assert entry["since"] == story.status["phaseSince"] == "2026-03-01T12:00:00.250000Z"

    def test_a_message_of_any_length_becomes_one_short_line(self) -> None:
        story = Story(status=status_in(WAITING))
        story.sync(Failure(Reason.WORKER_FAILED, "KeyError:\n" + "x" * 10_000))
        message = condition(story.status, "Ready")["message"]
        assert message.startswith("KeyError: xxx")
        assert len(message) == 300

    def test_a_condition_says_since_when_it_is_so(self) -> None:
        story = Story()
        story.sync(Outcome("Initializing"))
        story.passes(HOUR)
        story.sync(BROKEN)
        story.passes(HOUR)
        story.sync(Failure(Reason.METRICS_UNAVAILABLE, "http://prometheus: no answer"))
        ready, complete = (condition(story.status, name) for name in ("Ready", "Complete"))
        assert ready["lastTransitionTime"] == "2026-03-01T13:00:00Z"
        assert complete["lastTransitionTime"] == "2026-03-01T12:00:00Z"

    def test_fields_of_the_scheduler_that_a_worker_returns_are_not_taken(self) -> None:
        story = Story(status=status_in(WAITING))
        story.sync(Outcome("Waiting"), {"weight": 10, "phase": "Finished", "phaseFailures": 9})
        assert (story.status["phase"], story.status["weight"]) == ("Waiting", 10)
        assert "phaseFailures" not in story.status


def test_what_the_api_would_not_store_of_a_status_is_no_reason_to_write_it_again() -> None:
    story = Story(status=status_in(WAITING))
    returned = {"rate": float("nan"), "by": {"a": None, "b": 1}, "points": [{"c": None}]}
    story.sync(Outcome("Waiting"), returned)
    assert {"by": {"b": 1}, "points": [{}]}.items() <= story.status.items()
    assert "rate" not in story.status
    assert story.sync(Outcome("Waiting"), returned).status is None


def test_a_phase_that_leads_nowhere_is_found_out_and_harms_nothing() -> None:
    lost = replace(ROLL_BACK, timeout=1.0, on_timeout="Nowhere")
    story = Story(project_with(lost), status=status_in(lost))
    story.passes(1)
    story.plan()
    assert condition(story.status, "Ready")["reason"] == "UnknownPhase"
    assert story.plan() == Rest(None)


def test_a_phase_without_a_way_out_of_its_time_out_has_none() -> None:
    endless = Phase("Waiting", timeout=1.0)
    story = Story(project_with(endless, CANARY), status=status_in(endless))
    story.passes(HOUR)
    assert isinstance(story.plan(), RunWorker)
