"""Which users are asked for which version.

Pure. Those that go home come first: what is asked of pods one by one, and may stop anywhere, never
has more of them away from the last known good version than the stage allows.
"""

from __future__ import annotations

from kubervisor.datarollout.decision.stages import going_forward
from kubervisor.datarollout.decision.state import User, View
from kubervisor.datarollout.decision.users import CLOCK_SLACK, asked_at, is_asked_for, runs
from kubervisor.datarollout.versions import Version

Requests = tuple[tuple[User, Version], ...]


def requests(view: View, now: float) -> Requests:
    """Whom to ask for what; users that are asked for the right version already are not in it."""
    good, candidate = view.state.last_known_good, view.state.candidate
    if good is None:
        return ()
    forward = {user.uid for user in going_forward(view, now)}
    wanted: list[tuple[User, Version]] = []
    for user in view.users:
        is_out = user.uid in forward or is_asked_for(user, candidate)
        version = candidate if candidate and is_out else good
        if not _is_asked_well(user, version, now):
            wanted.append((user, version))
    return tuple(sorted(wanted, key=lambda asked: asked[1].is_same(candidate)))


def _is_asked_well(user: User, version: Version, now: float) -> bool:
    """Whether its request is for `version`, from no later than now, and by a path that it can use:
    one whose path is the same bytes' old one need not be asked again if it has them.
    """
    if not is_asked_for(user, version) or user.request is None:
        return False
    by_its_path = user.request.version.path == version.path
    return asked_at(user) <= now + CLOCK_SLACK and (by_its_path or runs(user, version))
