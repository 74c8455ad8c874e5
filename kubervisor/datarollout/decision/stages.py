"""How many users a stage goes out to, which ones, and when it is over.

Pure. Nobody who has the candidate is sent home because the fleet shrank: a share bounds how far a
version goes, and no pod goes back and forth.
"""

from __future__ import annotations

from kubervisor.datarollout.decision.gates import exceeds, hold
from kubervisor.datarollout.decision.state import User, View, stamp
from kubervisor.datarollout.decision.users import (
    asked,
    is_asked_for,
    is_between,
    is_late,
    is_proven,
    is_unasked,
    is_young,
    runs,
)


def share_of(users: int, percent: int) -> int:
    """How many of so many users `percent` percent are: at least that, and one where there is one.

    >>> [share_of(users, 25) for users in (0, 1, 3, 4, 5, 10)]
    [0, 1, 1, 1, 2, 3]
    """
    return users - (100 - percent) * users // 100


def stage_of(view: View) -> int:
    """The stage by its index; people may have made the stages fewer since it began."""
    return max(0, min(view.state.stage, len(view.policy.stages) - 1))


def is_last(view: View) -> bool:
    """Whether the stage is the one that goes out to all."""
    return stage_of(view) == len(view.policy.stages) - 1


def share(view: View, stage: int | None = None) -> int:
    """How many users may have the candidate in the stage, or in another one."""
    index = stage_of(view) if stage is None else stage
    return share_of(len(view.users), view.policy.stages[index])


def going_forward(view: View, now: float) -> tuple[User, ...]:
    """The users to ask for the candidate now, as many as the stage has room for.

    First those between versions, then those that are well and have what they were asked for; in
    each group from the end of the list, as AutoCrane did it.
    """
    if view.state.candidate is None or hold(view) is not None:
        return ()
    room = max(0, share(view) - len(asked(view)))
    movable = [user for user in reversed(view.users) if _may_move(view, user, now)]
    return tuple(sorted(movable, key=lambda user: _rank(view, user))[:room])


def is_passed(view: View, now: float) -> bool:
    """Whether the stage is over: so many users have proven the candidate as it goes out to.

    The last stage does not wait for pods that are starting or came since it began, or a fleet that
    is always renewed never gets there; but for as many as the stage before, or one that was
    restarted at once would have proven it.
    """
    proven = sum(is_proven(view, user, now) for user in view.users)
    if not is_last(view):
        return proven > 0 and proven + len(_put_up_with(view, now)) >= share(view)
    before = share(view, stage_of(view) - 1) if stage_of(view) else 1
    excused = _put_up_with(view, now)
    return proven >= max(1, before) and all(
        is_proven(view, user, now) or is_young(view, user, now) or _is_new(view, user)
        for user in view.users
        if user.uid not in excused
    )


def late(view: View, now: float) -> tuple[User, ...]:
    """The users that should run the candidate by now and do not."""
    return tuple(user for user in view.users if is_late(view, user, now))


def is_stalled(view: View, now: float) -> bool:
    """Whether the stage waits for users that are late, or has found none that it could ask."""
    if is_passed(view, now):
        return False
    if asked(view) or going_forward(view, now):
        return bool(late(view, now))
    return now - view.state.stage_at > view.policy.probation + view.policy.deadline


def is_everybody_back(view: View) -> bool:
    """Whether all users have the last known good version again, as far as deployers say. A new pod
    has nothing to come back from.
    """
    good = view.state.last_known_good
    return all(
        (is_unasked(user) or is_asked_for(user, good))
        and (user.deployed is None or runs(user, good))
        for user in view.users
    )


def _may_move(view: View, user: User, now: float) -> bool:
    """One that began to fail this very second would look as if the version had made it fail."""
    if is_unasked(user) or is_asked_for(user, view.state.candidate) or is_young(view, user, now):
        return False
    return user.failing_since is None or user.failing_since < stamp(now)


def _rank(view: View, user: User) -> tuple[bool, bool, bool]:
    """A pod whose deployer is silent or busy would only be waited for."""
    is_settled = user.deployed is not None and runs(user, view.state.last_known_good)
    return (not is_between(view, user), user.failing_since is not None, not is_settled)


def _is_new(view: View, user: User) -> bool:
    return user.created > view.state.stage_at


def _put_up_with(view: View, now: float) -> frozenset[str]:
    """Late users that a stage does not wait for: as many as may fail. One pod that never starts
    does not keep a fleet's data for ever.
    """
    slow = late(view, now)
    too_many = exceeds(len(slow), len(asked(view)), view.policy.failure_percent)
    return frozenset() if too_many else frozenset(user.uid for user in slow)
