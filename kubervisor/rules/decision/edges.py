"""Where a rule goes from each of its states: one function for each.

Each takes what is seen and the standing, and gives the standing that follows: in another state, or
in the same for another reason, or the very same object where nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from kubervisor.rules.decision.facts import Answer, Reading
from kubervisor.rules.decision.look import (
    Look,
    because,
    cleared,
    in_the_dark,
    left_alone,
    second,
    summary,
    to,
)
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.progress import in_progress
from kubervisor.rules.decision.remedies import ask, decide, is_time, preview, refused
from kubervisor.rules.decision.states import Reason, Standing, State
from kubervisor.rules.decision.waiting import awaiting_approval, awaiting_window, pending

Edge = Callable[[Look, Standing], Standing]


def _initializing(look: Look, standing: Standing) -> Standing:
    """Until the first answer that says something of the object."""
    reading = look.facts.reading
    if reading is not None and reading.met is False:
        return to(look, standing, State.NORMAL, Reason.STARTED, "the object is watched")
    return _trigger(look, standing, reading)


def _normal(look: Look, standing: Standing) -> Standing:
    """Until the condition holds, after whatever has led here."""
    return _trigger(look, standing, look.reading_after(standing.since))


def _trigger(look: Look, standing: Standing, reading: Reading | None) -> Standing:
    if reading is None or not reading.met:
        return standing
    after = to(look, standing, State.TRIGGERED, Reason.CONDITION_MET, reading.message)
    return replace(after, values=reading.values, met_since=second(reading))


def _triggered(look: Look, standing: Standing) -> Standing:
    """`for` runs: the condition has held long enough once a reading says so that is at least that
    much younger than the first one. A look at which nobody knows begins it anew.
    """
    reading = look.facts.reading
    if reading is None:
        return standing
    if reading.met is None:
        return replace(in_the_dark(standing, reading), met_since=None)
    if not reading.met:
        return cleared(look, standing, reading)
    if standing.met_since is None:
        standing = because(standing, Reason.CONDITION_MET, reading.message)
        standing = replace(standing, values=reading.values, met_since=second(reading))
    if second(reading) - (standing.met_since or 0.0) < look.policy.hold_for:
        return standing
    return _held(look, standing, reading)


def _held(look: Look, standing: Standing, reading: Reading) -> Standing:
    if not look.policy.actions:
        message = "the condition has held long enough; the rule has no actions and only reports"
        return because(standing, Reason.HELD_LONG_ENOUGH, message)
    if look.now < standing.not_before:
        return standing
    if look.policy.dry_run:
        return _rehearsed(look, standing, reading)
    if (waits := left_alone(look, standing)) is not None:
        return waits
    found = preview(look, standing)
    if isinstance(found, Refusal):
        return refused(look, standing, found)
    if look.policy.needs_approval:
        return ask(look, standing, found, Reason.APPROVAL_NEEDED)
    return decide(look, standing, found, Reason.HELD_LONG_ENOUGH)


def _rehearsed(look: Look, standing: Standing, reading: Reading) -> Standing:
    if standing.reason == Reason.DRY_RUN and not is_time(look, standing, reading):
        return standing
    found = preview(look, standing)
    if isinstance(found, Refusal):
        message = f"dry run: nothing would be done: {found}"
    else:
        message = f"dry run: would {summary(found)}"
    return because(standing, Reason.DRY_RUN, message)


def _taken(look: Look, standing: Standing) -> Standing:
    """The object is left alone for the cool-down, from when the last action ended."""
    if look.now < standing.since + look.policy.cool_down:
        return standing
    return to(look, standing, State.NORMAL, Reason.COOL_DOWN_OVER, "the cool-down is over")


def _declined(look: Look, standing: Standing) -> Standing:
    """Until people take back that they declined it, what refused it does so no more, or the
    condition clears.
    """
    reading, approval = look.facts.reading, look.facts.approval
    if reading is not None and reading.met is False:
        return cleared(look, standing, reading)
    if standing.reason == Reason.APPROVAL_DECLINED:
        if approval is not None and approval.answer is Answer.DECLINED:
            return standing
        message = "the ActionApproval that was declined is gone, or was changed"
        return to(look, standing, State.TRIGGERED, Reason.APPROVAL_DELETED, message)
    fresh = look.reading_after(standing.since)
    if fresh is None or not fresh.met or not is_time(look, standing, fresh):
        return standing
    found = preview(look, standing)
    if isinstance(found, Refusal) and found.is_final:
        return because(standing, Reason.ACTION_DECLINED, str(found))
    message = "what refused the action does not refuse it any more"
    return to(look, standing, State.TRIGGERED, Reason.OBJECT_CHANGED, message)


EDGES: Mapping[State, Edge] = MappingProxyType(
    {
        State.INITIALIZING: _initializing,
        State.NORMAL: _normal,
        State.TRIGGERED: _triggered,
        State.AWAITING_APPROVAL: awaiting_approval,
        State.AWAITING_WINDOW: awaiting_window,
        State.PENDING: pending,
        State.IN_PROGRESS: in_progress,
        State.TAKEN: _taken,
        State.DECLINED: _declined,
    }
)
