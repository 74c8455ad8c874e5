"""Why a rollout stands where it does, in a word and a sentence with the numbers.

Pure. What lasts and wants attention is a warning: it is told once, when it becomes the reason.
"""

from __future__ import annotations

from kubervisor import instants
from kubervisor.datarollout.decision import choice, gates, stages
from kubervisor.datarollout.decision.sentences import length_of, names_of, of_pods
from kubervisor.datarollout.decision.state import News, Phase, Reason, View
from kubervisor.datarollout.decision.users import is_asked_for, runs, tally
from kubervisor.datarollout.versions import Version


def explanation(view: View, now: float) -> News:
    """The reason of the rollout's being as it is."""
    state = view.state
    if state.last_known_good is None:
        return _nothing_yet(view)
    if state.phase is Phase.ROLLING_BACK:
        return _rolling_back(view, state.last_known_good)
    if state.candidate is not None:
        return _rolling_out(view, state.candidate, now)
    if not view.users:
        return _unused()
    return _settled(view, state.last_known_good)


def _nothing_yet(view: View) -> News:
    if not view.users:
        return _unused()
    message = "Every version that is published was taken back: there is none to begin with"
    return gates.standstill(view) or News(Reason.QUARANTINED, message, warning=True)


def _rolling_back(view: View, good: Version) -> News:
    away = [user for user in view.users if not is_asked_for(user, good)]
    slow = [u for u in view.users if is_asked_for(u, good) and u.deployed and not runs(u, good)]
    parts = [f"Pods go back to {good.path}"]
    if away:
        parts.append(f"{of_pods(len(away), len(view.users))} are asked to now")
    if slow:
        parts.append(f"{of_pods(len(slow), len(view.users))} have not said that they have it: ")
        parts[-1] += names_of(slow)
    return News(view.state.reason or Reason.WITHDRAWN, "; ".join(parts))


def _rolling_out(view: View, candidate: Version, now: float) -> News:
    progress = _progress(view, candidate, now)
    if held := gates.hold(view):
        return News(held.reason, f"{held.message}. {progress}", held.warning)
    if not view.users or not stages.is_stalled(view, now):
        return News(Reason.PROBATION, progress)
    slow = stages.late(view, now)
    if slow:
        why = f"not within {length_of(view.policy.deadline)} of being asked: {names_of(slow)}"
    else:
        why = f"no pod has had what it has for {length_of(view.policy.probation)}"
    return News(Reason.STALLED, f"{progress}; {why}", warning=True)


def _progress(view: View, candidate: Version, now: float) -> str:
    policy, counted, stage = view.policy, tally(view, now), stages.stage_of(view)
    return (
        f"{candidate.path}, stage {stage + 1} of {len(policy.stages)}: "
        f"{of_pods(counted.on_candidate, counted.users)} are asked for it "
        f"(up to {stages.share(view)}, {policy.stages[stage]} %), "
        f"{counted.proven} ran it for {length_of(policy.probation)}"
    )


def _settled(view: View, good: Version) -> News:
    nothing_moves, chosen = gates.standstill(view), choice.next_version(view)
    if nothing_moves is not None:
        return nothing_moves
    if chosen is None:
        return _nothing_to_go(view, good)
    if stops := gates.dependants_gate(view):
        return stops
    until = instants.render(view.state.not_before, "seconds")
    return News(Reason.BACK_OFF, f"{chosen.path} goes out no sooner than {until}")


def _nothing_to_go(view: View, good: Version) -> News:
    if choice.newest_like(view, good) is None and not view.policy.pin:
        message = f"{good.path}, the last known good version, is published no more"
        return News(Reason.LAST_KNOWN_GOOD_GONE, f"{message}, and no other may go out", True)
    if view.policy.pin:
        pinned = choice.pinned(view)
        if pinned and not pinned.is_same(good):
            return _quarantined(f"{pinned.path} was taken back after it was pinned: pin it anew")
        return News(Reason.PINNED, f"{good.path} is pinned; {_running(view, good)}")
    latest = choice.published(view)[-1]
    if choice.quarantined(view, latest):
        return _quarantined(f"{latest.path}, the newest version, was taken back")
    return News(Reason.UP_TO_DATE, f"{good.path} is the newest version; {_running(view, good)}")


def _running(view: View, good: Version) -> str:
    return f"{of_pods(sum(runs(u, good) for u in view.users), len(view.users))} run it"


def _quarantined(message: str) -> News:
    return News(Reason.QUARANTINED, f"{message}; pods keep the last known good version")


def _unused() -> News:
    return News(Reason.UNUSED, "No pod uses it")
