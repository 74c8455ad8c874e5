"""Versions, users and views as the tests of the decision need them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    Phase,
    Quarantined,
    Reason,
    RolloutPlan,
    RolloutPolicy,
    RolloutState,
    User,
    View,
)
from kubervisor.datarollout.versions import Deployed, Progress, Request, Version

NOW = 1_700_000_000.0
PROBATION = RolloutPolicy().probation
DEADLINE = RolloutPolicy().deadline
LONG_AGO = NOW - 86_400.0


def version(name: str, at: float | None = None, *, content: str | None = None) -> Version:
    """The version called `name`: `a` came before `b`. Its bytes are its name unless said."""
    digest = hashlib.sha256((content or name).encode()).hexdigest()
    when = LONG_AGO + 60.0 * (ord(name[0]) - ord("a")) if at is None else at
    return Version(f"{name}.tar.zst", digest, when, 10)


A, B, C, D = (version(name) for name in "abcd")


def user(
    name: str,
    asked_for: Version | None = None,
    at: float | None = LONG_AGO,
    *,
    has: Version | None = None,
    progress: Progress = Progress.READY,
    since: float | None = None,
    failing_since: float | None = None,
    silent: bool = False,
    created: float = 0.0,
) -> User:
    """A pod asked for a version at an instant. Its deployer says that it has it since then, or what
    else is said; nothing where it is `silent` or never was asked.
    """
    brought = has or asked_for
    when = since if since is not None else (at or LONG_AGO)
    deployed = None if silent or brought is None else Deployed(brought, progress, when)
    request = None if asked_for is None else Request(asked_for, at)
    return User(name, "shop", name, request, deployed, failing_since, created)


def fleet(
    count: int, asked_for: Version | None = A, at: float = LONG_AGO, first: int = 0
) -> tuple[User, ...]:
    """So many pods that have what they were asked for."""
    return tuple(user(f"web-{first + n:03}", asked_for, at) for n in range(count))


def rolling_out(
    candidate: Version = B, good: Version = A, *, stage: int = 0, at: float = LONG_AGO
) -> RolloutState:
    """The state with a candidate out."""
    return RolloutState(Phase.ROLLING_OUT, good, candidate, stage, at)


def settled(good: Version | None = A) -> RolloutState:
    """The state with nothing under way."""
    return RolloutState(Phase.SETTLED if good else Phase.WAITING, good)


BACK = RolloutState(Phase.ROLLING_BACK, A, stage_at=NOW - 60, reason=Reason.CANDIDATE_FAILING)
"""The state on the way back, since a minute."""


def taken_back(one: Version, generation: int = 1) -> Quarantined:
    """An entry of the quarantine, a minute old."""
    return Quarantined(one, Reason.CANDIDATE_FAILING, NOW - 60, generation)


def view(
    users: Iterable[User],
    state: RolloutState | None = None,
    policy: RolloutPolicy | None = None,
    published: tuple[Version, ...] | None = (A, B),
    *,
    dependants: int = 0,
    failing: int = 0,
) -> View:
    """What is seen: a settled rollout with a newer version published, unless said."""
    return View(
        state or settled(),
        policy or RolloutPolicy(),
        published,
        tuple(users),
        dependants,
        failing,
    )


def asked(plan: RolloutPlan) -> Mapping[str, Version]:
    """Who is asked for what."""
    return {user.name: version for user, version in plan.requests}


def told(plan: RolloutPlan) -> list[str]:
    """The reasons that people are told."""
    return [news.reason.value for news in plan.news]


def done(seen: View, plan: RolloutPlan, now: float = NOW) -> View:
    """What is seen after the plan was carried out; deployers have said nothing new yet."""
    wanted = {user.uid: version for user, version in plan.requests}
    users = tuple(
        replace(user, request=Request(wanted[user.uid], float(int(now))))
        if user.uid in wanted
        else user
        for user in seen.users
    )
    return replace(seen, state=plan.state, users=users)


def deployed(seen: View, now: float) -> View:
    """What is seen once every deployer has brought what its pod is asked for."""
    return replace(seen, users=tuple(_brought(user, now) for user in seen.users))


def look(seen: View, now: float = NOW) -> View:
    """What is seen after one look and what it led to."""
    return done(seen, plan_rollout(seen, now), now)


def _brought(user: User, now: float) -> User:
    wanted = user.request.version if user.request else None
    has = user.deployed
    if wanted is None or (has and has.progress is Progress.READY and has.version.is_same(wanted)):
        return user
    return replace(user, deployed=Deployed(wanted, Progress.READY, now))
