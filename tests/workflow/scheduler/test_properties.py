"""Whatever workers, people, clocks and the metrics do to a resource: what must hold.

After each step: the status is readable, bounded, and as the decision would write it again; what was
settled twice with the same facts is written once; the phase went only where it may go.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kubervisor.workflow.project.model import Phase, Project
from kubervisor.workflow.scheduler import history
from kubervisor.workflow.scheduler.backoff import FIRST, LONGEST, back_off
from kubervisor.workflow.scheduler.decision import plan, settle, settle_finalizing
from kubervisor.workflow.scheduler.facts import (
    Failure,
    MoveOn,
    Reason,
    Rest,
    RunWorker,
)
from kubervisor.workflow.scheduler.reading import LONGEST_LINE, exactly, instant, line
from kubervisor.workflow.scheduler.status import RESERVED, read
from kubervisor.workflow.scheduler.transitions import refused
from kubervisor.workflow.worker import Finalized, Outcome
from tests.workflow.scheduler.canary import CANARY, INTERVAL, NOW, Story, state

LATER = datetime(9000, 1, 1, tzinfo=UTC)
MOST_CHARACTERS = 60_000
"""Of all that the scheduler writes, whatever it has found."""

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["Waiting", "True", "Ready", "2026-01-01T00:00:00Z", "x" * 2000]),
    lambda inner: (
        st.lists(inner, max_size=30)
        | st.dictionaries(
            st.sampled_from(
                ["type", "status", "phase", "since", "message", "lastTransitionTime", "reason"]
            ),
            inner,
        )
    ),
    max_leaves=30,
)
garbage = st.dictionaries(st.sampled_from(sorted(RESERVED)), json_values)
names = st.sampled_from([*(phase.name for phase in CANARY.phases), "", "Nowhere"])
messages = st.sampled_from(["", "why", "two\nlines", "\x00\u202e", "long " * 500])
outcomes = st.builds(
    Outcome[Any],
    next=names,
    message=messages,
    after=st.sampled_from([None, None, 0, 1.5, -1, float("nan")]),
)
failures = st.builds(
    Failure,
    st.sampled_from(
        [
            Reason.WORKER_FAILED,
            Reason.METRICS_UNAVAILABLE,
            Reason.OUTPUT_FAILED,
            Reason.INVALID_SPEC,
        ]
    ),
    messages,
)
infos = st.none() | st.dictionaries(st.sampled_from(["weight", "started"]), st.integers())


def may_follow(project: Project, before: Phase) -> set[str]:
    """Where the project lets a sync, a time-out or too many failures lead from a phase."""
    every = {phase.name for phase in project.phases}
    named = {before.name, *before.next, before.on_timeout, before.on_failure}
    return named if before.next else every


class Resources(RuleBasedStateMachine):
    """All that can happen to one resource, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()

    @rule(seconds=st.sampled_from([0.0, 0.1, 5.0, 61.0, 601.0, 90_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.story.passes(seconds)

    @rule(seconds=st.sampled_from([7.0, 400.0, 1e9]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.story.passes(-seconds)

    @rule(result=outcomes | failures, info=infos)
    def it_is_synced(self, result: Outcome[Any] | Failure, info: dict[str, Any] | None) -> None:
        story = self.story
        due = story.plan()
        if not isinstance(due, RunWorker):
            return
        before = story.status
        settled = story.sync(result, info)
        assert settled.again is None or 0 <= settled.again <= 366 * 86_400
        after = due.phase if settled.status is None else story.phase
        assert after is not None
        assert after.name in may_follow(story.project, due.phase)
        came_to_something = isinstance(result, Outcome) and not refused(CANARY, due.phase, result)
        if not came_to_something:
            assert after.name in (due.phase.name, due.phase.on_failure)
            user = [
                {k: v for k, v in one.items() if k not in RESERVED}
                for one in (before, story.status)
            ]
            assert user[0] == user[1]
        if settled.again is None:
            assert after.final or (
                isinstance(result, Failure) and result.reason is Reason.INVALID_SPEC
            )

    @rule(result=outcomes | failures, info=infos)
    def it_is_synced_twice_with_the_same_facts(
        self, result: Outcome[Any] | Failure, info: dict[str, Any] | None
    ) -> None:
        story = self.story
        if not isinstance(story.plan(), RunWorker):
            return
        before = story.phase
        story.sync(result, info)
        if story.phase != before or not isinstance(story.plan(), RunWorker):
            return
        again = story.sync(result, info)
        counts = isinstance(result, Failure) or refused(CANARY, before or Phase(""), result)
        if not counts:
            assert again.status is None
        assert again.events == () or story.phase != before

    @rule(times=st.sampled_from([1, 5, 30]), failure=failures)
    def it_fails(self, times: int, failure: Failure) -> None:
        for _ in range(times):
            if not isinstance(self.story.plan(), RunWorker):
                return
            self.story.sync(failure)

    @rule(edit=garbage)
    def somebody_edits_the_status(self, edit: dict[str, Any]) -> None:
        self.story.status = self.story.status | edit
        self.it_is_readable_again()

    @rule(name=st.sampled_from(sorted(RESERVED)))
    def somebody_removes_a_field(self, name: str) -> None:
        self.story.status.pop(name, None)
        self.it_is_readable_again()

    @rule(name=names)
    def somebody_sets_the_phase(self, name: str) -> None:
        self.story.status = self.story.status | {"phase": name}
        self.it_is_readable_again()

    @rule()
    def the_spec_is_edited(self) -> None:
        self.story.generation += 1

    def it_is_readable_again(self) -> None:
        """Whatever was stored, one look makes it what the scheduler would have stored."""
        story = self.story
        if isinstance(story.plan(), RunWorker):
            story.sync(Failure(Reason.WORKER_FAILED, "ValueError: edited"))

    @invariant()
    def the_status_is_readable_and_bounded(self) -> None:
        status = self.story.status
        if not status:
            return
        known = {name: value for name, value in status.items() if name in RESERVED}
        assert len(json.dumps(known)) <= MOST_CHARACTERS
        assert isinstance(status["phase"], str)
        assert instant(status["phaseSince"]) is not None
        assert 1 <= len(status["phaseHistory"]) <= history.MOST_ENTRIES
        last = status["phaseHistory"][-1]
        assert (last["phase"], last["since"]) == (status["phase"], status["phaseSince"])
        types = [one["type"] for one in status["conditions"]]
        assert len(types) == len(set(types))
        assert all(isinstance(one["message"], str) for one in status["conditions"])
        assert all(len(one["message"]) <= LONGEST_LINE for one in status["conditions"])

    @invariant()
    def what_is_stored_is_what_would_be_stored(self) -> None:
        status = self.story.status
        if status:
            assert read(status, "Initializing", LATER).as_json() == status

    @invariant()
    def what_rests_stays_unwritten(self) -> None:
        due = plan(CANARY, self.story.state, self.story.now)
        if isinstance(due, Rest) and due.status is not None:
            resting = replace(self.story.state, status=due.status)
            assert plan(CANARY, resting, self.story.now) == Rest(None)
        if isinstance(due, MoveOn):
            moved = replace(self.story.state, status=due.status)
            assert not isinstance(plan(CANARY, moved, self.story.now), MoveOn)


TestResources = Resources.TestCase
TestResources.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(stored=garbage | st.dictionaries(st.text(max_size=5), json_values), failure=failures)
def test_whatever_is_stored_is_read_and_its_user_fields_stay(
    stored: dict[str, Any], failure: Failure
) -> None:
    found = read(stored, "Initializing", NOW)
    user = {name: value for name, value in stored.items() if name not in RESERVED}
    assert {name: found.as_json()[name] for name in user} == user
    assert read(found.as_json(), "Initializing", NOW).as_json() == found.as_json()
    plan(CANARY, state(stored), NOW)
    for phase in CANARY.phases:
        settle(CANARY, state(stored), phase, failure, None, NOW, work_interval=INTERVAL)
    for end in (Finalized(False), failure):
        settle_finalizing(CANARY, state(stored), end, NOW, work_interval=INTERVAL)


@given(st.text())
def test_a_line_is_one_printable_line_and_a_line_of_it_is_itself(text: str) -> None:
    found = line(text)
    assert len(found) <= LONGEST_LINE
    assert len(found.splitlines()) <= 1
    assert line(found) == found
    found.encode()


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_read_as_it_was_written(at: Any) -> None:
    try:
        text = exactly(at)
    except OverflowError:
        return
    found = instant(text)
    assert found is None or exactly(found) == exactly(instant(exactly(found)) or NOW)


@given(st.integers(1, 10**12))
def test_the_back_off_grows_within_its_bounds(failures: int) -> None:
    assert FIRST <= back_off(failures) <= back_off(failures + 1) <= LONGEST
