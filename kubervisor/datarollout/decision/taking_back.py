"""The ways in which a candidate is taken back, and when all pods are.

Pure. What goes home by itself goes into quarantine, whatever the cause: no pod is sent to the same
version twice. What people displace by a pin may go out again when they want it.
"""

from __future__ import annotations

import math
from dataclasses import replace

from kubervisor import instants
from kubervisor.datarollout.decision import choice, gates, stages
from kubervisor.datarollout.decision.sentences import length_of, name_of, names_of
from kubervisor.datarollout.decision.state import (
    LONGEST_BACK_OFF,
    MOST_QUARANTINED,
    Change,
    News,
    Phase,
    Quarantined,
    Reason,
    RolloutState,
    View,
    stamp,
)
from kubervisor.datarollout.versions import Version


def taken_back(view: View, now: float) -> Change | None:
    """A gate fails while pods have the candidate: back with it, at once and everywhere."""
    candidate, found = view.state.candidate, gates.reason_to_take_back(view, now)
    if candidate is None or found is None:
        return None
    failures = view.state.failures + 1
    not_before = stamp(now) + back_off(view, failures)
    state = _sent_home(view, found.reason, now)
    state = replace(state, failures=failures, not_before=not_before)
    message = (
        f"{candidate.path} is taken back to {name_of(state.last_known_good)}: {found.message}. "
        f"Nothing else goes out before {instants.render(not_before, 'seconds')}"
    )
    return state, News(found.reason, message, warning=True, about=candidate)


def displaced(view: View, now: float) -> Change | None:
    """People pinned another version: the candidate goes home, and may go out again later."""
    candidate, pin = view.state.candidate, view.policy.pin
    if candidate is None or not pin or candidate.is_same(choice.pinned(view)):
        return None
    state = replace(_sent_home(view, Reason.WITHDRAWN, now), quarantine=view.state.quarantine)
    message = f"{candidate.path} is taken back: {pin} is pinned"
    return state, News(Reason.WITHDRAWN, message, about=candidate)


def withdrawn(view: View, now: float) -> Change | None:
    """The candidate may not go out any more: it is gone from the repository, it was pinned and is
    so no longer, or what is known good came after it.
    """
    candidate = view.state.candidate
    why = _why_not(view, candidate) if candidate else None
    if candidate is None or why is None:
        return None
    news = News(Reason.WITHDRAWN, f"{candidate.path} is taken back: {why}", True, candidate)
    return _sent_home(view, Reason.WITHDRAWN, now), news


def stalled(view: View, now: float) -> Change | None:
    """The candidate gets nowhere, and the source has gone on: to a newer version, which goes out in
    its place, or back to the last known good one.
    """
    candidate, good = view.state.candidate, view.state.last_known_good
    if candidate is None or gates.hold(view) or not stages.is_stalled(view, now):
        return None
    newer = choice.next_version(view)
    if choice.published(view)[-1].is_same(good) and not view.policy.pin:
        newer = None
    elif newer is None or newer.is_same(candidate):
        return None
    state = _sent_home(view, Reason.STALLED, now)
    if newer is not None:
        state = replace(state, phase=Phase.ROLLING_OUT, candidate=newer)
    late = names_of(stages.late(view, now)) or "no pod that could be asked"
    message = (
        f"{candidate.path} is given up for {name_of(newer or good)}: it did not get further within "
        f"{length_of(view.policy.deadline)} ({late})"
    )
    return state, News(Reason.STALLED, message, warning=True, about=candidate)


def all_back(view: View, now: float) -> Change | None:
    """The way back is over: all have the last known good version, or have had time enough."""
    state = view.state
    if state.phase is not Phase.ROLLING_BACK:
        return None
    if stages.is_everybody_back(view):
        message = f"All pods have {name_of(state.last_known_good)} again"
        news = News(Reason.ROLLED_BACK, message, about=state.last_known_good)
    elif now - state.stage_at > view.policy.deadline:
        message = (
            f"Not all pods say within {length_of(view.policy.deadline)} that they have "
            f"{name_of(state.last_known_good)} again: they are waited for no longer"
        )
        news = News(Reason.ROLLED_BACK, message, warning=True, about=state.last_known_good)
    else:
        return None
    return replace(state, phase=Phase.SETTLED, stage_at=0.0), news


def back_off(view: View, failures: int) -> float:
    """Seconds from the last of so many rollbacks in a row to the next attempt."""
    times = min(2 ** min(max(failures, 1) - 1, LONGEST_BACK_OFF), LONGEST_BACK_OFF)
    return float(math.ceil(view.policy.probation * times))


def _sent_home(view: View, reason: Reason, now: float) -> RolloutState:
    """The state with no candidate, the one there was in quarantine, and pods on their way back."""
    state = view.state
    others = tuple(e for e in state.quarantine if not e.version.is_same(state.candidate))
    entries = (
        (Quarantined(state.candidate, reason, stamp(now), view.policy.generation),)
        if state.candidate
        else ()
    )
    return replace(
        state,
        phase=Phase.ROLLING_BACK,
        candidate=None,
        stage=0,
        stage_at=stamp(now),
        quarantine=(others + entries)[-MOST_QUARANTINED:],
        reason=reason,
    )


def _why_not(view: View, candidate: Version) -> str | None:
    if view.published and choice.newest_like(view, candidate) is None:
        return "it is published no more"
    if choice.quarantined(view, candidate):
        return "it was taken back before, and is pinned no more"
    is_wanted = candidate.is_same(choice.pinned(view)) or choice.is_later(view, candidate)
    return None if is_wanted else "what is known good came after it"
