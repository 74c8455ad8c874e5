"""What one user of a source is asked for, what it has, and since when.

Pure. A request without an instant is as good as none: nobody knows how long the pod has had to come
up with the version.
"""

from __future__ import annotations

from kubervisor.datarollout.decision.state import Tally, User, View, stamp
from kubervisor.datarollout.versions import Progress, Version

CLOCK_SLACK = 60.0
"""Seconds that a request may be ahead of our clock: that much two controllers' clocks differ."""


def is_unasked(user: User) -> bool:
    """Whether it has no request, or one that says not since when."""
    return user.request is None or user.request.at is None


def is_asked_for(user: User, version: Version | None) -> bool:
    """Whether its request is for `version`."""
    request = user.request
    return request is not None and request.at is not None and request.version.is_same(version)


def is_between(view: View, user: User) -> bool:
    """Whether it is asked for a version that is neither the last known good one nor the candidate:
    its rollout was given up, or somebody else asked for it.
    """
    state = view.state
    return not (
        is_unasked(user)
        or is_asked_for(user, state.last_known_good)
        or is_asked_for(user, state.candidate)
    )


def runs(user: User, version: Version | None) -> bool:
    """Whether its deployer says that the pod has `version` in place."""
    deployed = user.deployed
    return (
        deployed is not None
        and deployed.progress is Progress.READY
        and deployed.version.is_same(version)
    )


def refuses(user: User, version: Version | None) -> bool:
    """Whether its deployer says that it cannot bring `version`."""
    deployed = user.deployed
    return (
        deployed is not None
        and deployed.progress is Progress.FAILED
        and deployed.version.is_same(version)
    )


def asked_at(user: User) -> float:
    """When it was asked for what it is asked for (Unix seconds); long ago where nobody knows."""
    at = user.request.at if user.request else None
    return 0.0 if at is None else at


def is_young(view: View, user: User, now: float) -> bool:
    """Whether it has just been given the last known good version, or is about to be: such a pod is
    starting, or comes back from something, and would prove nothing.
    """
    if is_unasked(user):
        return True
    good = view.state.last_known_good
    return is_asked_for(user, good) and asked_at(user) > now - view.policy.probation


def is_proven(view: View, user: User, now: float) -> bool:
    """Whether it has run the candidate for the probation, both since it was asked for it and since
    its deployer says so. A deployer whose clock is ahead said so just now.
    """
    candidate, deployed = view.state.candidate, user.deployed
    if deployed is None or not (is_asked_for(user, candidate) and runs(user, candidate)):
        return False
    return max(asked_at(user), min(deployed.at, now)) <= now - view.policy.probation


def is_late(view: View, user: User, now: float) -> bool:
    """Whether it was asked for the candidate longer ago than the deadline and does not run it."""
    candidate = view.state.candidate
    return (
        is_asked_for(user, candidate)
        and not runs(user, candidate)
        and now - asked_at(user) > view.policy.deadline
    )


def fails_since_asked(user: User, now: float) -> bool:
    """Whether it has been failing since it was asked for what it is asked for, which was not after
    now, whatever the request says.

    Requests have whole seconds: one that began to fail in that second may well be the version's
    doing, and to let a version through that harms is worse than to take one back that does not.
    """
    begin = min(asked_at(user), stamp(now))
    return user.failing_since is not None and user.failing_since >= begin


def asked(view: View) -> tuple[User, ...]:
    """The users that are asked for the candidate."""
    return tuple(user for user in view.users if is_asked_for(user, view.state.candidate))


def tally(view: View, now: float) -> Tally:
    """The users, counted."""
    good = view.state.last_known_good
    return Tally(
        users=len(view.users),
        on_last_known_good=sum(is_asked_for(user, good) for user in view.users),
        on_candidate=len(asked(view)),
        proven=sum(is_proven(view, user, now) for user in view.users),
        late=sum(is_late(view, user, now) for user in view.users),
        failing=sum(user.failing_since is not None for user in view.users),
    )
