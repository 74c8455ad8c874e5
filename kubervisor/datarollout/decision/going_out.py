"""The ways forward: a candidate is chosen, goes further, and becomes what is known good.

Pure.
"""

from __future__ import annotations

from dataclasses import replace

from kubervisor.datarollout.decision import choice, gates, stages
from kubervisor.datarollout.decision.sentences import length_of, name_of, names_of, of_pods
from kubervisor.datarollout.decision.state import Change, News, Phase, Reason, View, stamp
from kubervisor.datarollout.decision.users import is_proven


def candidate_chosen(view: View, now: float) -> Change | None:
    """All is settled and there is a newer version, or the pinned one: it goes out in stages.

    What people pin does not wait for the back-off, which is for what goes out by itself.
    """
    state = view.state
    if state.candidate or state.phase is Phase.ROLLING_BACK or not view.users or gates.hold(view):
        return None
    chosen = choice.next_version(view)
    if state.last_known_good is None or chosen is None:
        return None
    if now < state.not_before and not view.policy.pin:
        return None
    message = (
        f"{chosen.path} goes out, first to {view.policy.stages[0]} %, "
        f"{of_pods(stages.share(view, 0), len(view.users))}"
    )
    state = replace(state, candidate=chosen, stage=0, stage_at=stamp(now))
    return state, News(Reason.CANDIDATE_CHOSEN, message, about=chosen)


def stage_passed(view: View, now: float) -> Change | None:
    """The candidate stood the stage: it goes further, or it is what is known good from now on."""
    state = view.state
    if state.candidate is None or gates.hold(view) or not stages.is_passed(view, now):
        return None
    if stages.is_last(view):
        return _promoted(view, now)
    stage = stages.stage_of(view) + 1
    message = (
        f"{name_of(state.candidate)} goes to {view.policy.stages[stage]} %, "
        f"{of_pods(stages.share(view, stage), len(view.users))}, "
        f"stage {stage + 1} of {len(view.policy.stages)}"
    )
    state = replace(state, stage=stage, stage_at=stamp(now))
    return state, News(Reason.STAGE_BEGUN, message, about=state.candidate)


def _promoted(view: View, now: float) -> Change:
    state, candidate = view.state, view.state.candidate
    proven = sum(is_proven(view, user, now) for user in view.users)
    message = (
        f"{name_of(candidate)} is the last known good version: {of_pods(proven, len(view.users))} "
        f"ran it for {length_of(view.policy.probation)}"
    )
    if slow := stages.late(view, now):
        message += f"; not waited for: {names_of(slow)}"
    state = replace(
        state,
        last_known_good=candidate,
        candidate=None,
        stage=0,
        stage_at=0.0,
        quarantine=tuple(e for e in state.quarantine if not e.version.is_same(candidate)),
        failures=0,
        not_before=0.0,
    )
    return state, News(Reason.PROMOTED, message, about=candidate)
