"""What a rollout of one source in one namespace has come to, and by which rules it goes on.

Pure. The state is stored on a DataRollout object and read back at the next look; what the pods have
is read off the pods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from kubervisor.datarollout.versions import Deployed, Request, Version

MOST_QUARANTINED = 50
LONGEST_BACK_OFF = 16
"""Times the probation, at most, from one rollback to the next attempt."""


class Phase(StrEnum):
    """Where a rollout is; the words of status, Events and pages."""

    WAITING = "Waiting"  # nothing is published yet, or nobody uses it
    SETTLED = "Settled"  # the last known good version is the newest that may go out
    ROLLING_OUT = "RollingOut"  # a candidate is out with a share of the pods
    ROLLING_BACK = "RollingBack"  # pods go back to the last known good version


class Reason(StrEnum):
    """Why a rollout does what it does: shared by conditions, Events, metrics and pages."""

    FIRST_VERSION = "FirstVersion"
    CANDIDATE_CHOSEN = "CandidateChosen"
    STAGE_BEGUN = "StageBegun"
    PROBATION = "Probation"
    PROMOTED = "Promoted"
    DEPENDANTS_FAILING = "DependantsFailing"
    CANDIDATE_FAILING = "CandidateFailing"
    DEPLOYERS_FAILING = "DeployersFailing"
    WITHDRAWN = "Withdrawn"  # pinned elsewhere, or no longer published
    ROLLED_BACK = "RolledBack"
    BACK_OFF = "BackOff"
    PAUSED = "Paused"
    PINNED = "Pinned"
    QUARANTINED = "Quarantined"
    STALLED = "Stalled"
    REPOSITORY_UNAVAILABLE = "RepositoryUnavailable"
    LAST_KNOWN_GOOD_GONE = "LastKnownGoodGone"
    NOTHING_PUBLISHED = "NothingPublished"
    UNUSED = "Unused"
    UP_TO_DATE = "UpToDate"


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How new versions go out. The defaults are AutoCrane's: a quarter, 10 minutes, all.

    `stages` are shares of the pods in percent, rising, the last one 100; `probation` is how long
    (seconds) a stage's pods must run the candidate before the next; more than `failure_percent` of
    the pods that count failing stops it and takes it back. A pod that does not run the candidate
    `deadline` seconds after it was asked to is late. `generation` counts what people changed.

    Raises ValueError where `stages` are no such shares.
    """

    stages: tuple[int, ...] = (25, 100)
    probation: float = 600.0
    failure_percent: int = 25
    deadline: float = 1800.0
    paused: bool = False
    pin: str = ""
    """A version's path, its digest, or the beginning of either, at least 6 characters."""
    generation: int = 1

    def __post_init__(self) -> None:
        if not self.stages or any(not 0 < percent <= 100 for percent in self.stages):
            raise ValueError(f"stages are shares from 1 to 100 percent, not {self.stages}")
        if list(self.stages) != sorted(set(self.stages)) or self.stages[-1] != 100:
            raise ValueError(f"stages rise, and the last one is 100: not {self.stages}")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A version that was taken back: it never goes out again by itself. A pin that was set later
    (a higher generation) tries it once more.
    """

    version: Version
    reason: Reason
    at: float
    generation: int = 1


@dataclass(frozen=True, slots=True)
class RolloutState:
    """What is remembered from look to look; instants are Unix seconds.

    `stage` is an index into the policy's stages, `stage_at` when it began, or the way back did.
    `failures` rollbacks in a row, and until `not_before` no other candidate goes out by itself.
    `reason` is that of the look before: what lasts is told once. Instants are whole seconds, so
    that an object gives back what was stored.
    """

    phase: Phase = Phase.WAITING
    last_known_good: Version | None = None
    candidate: Version | None = None
    stage: int = 0
    stage_at: float = 0.0
    quarantine: tuple[Quarantined, ...] = ()
    failures: int = 0
    not_before: float = 0.0
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A pod that uses the source. `failing_since` is when its watchdogs' error or its ejection
    began (Unix seconds), None while it is well. `request` is None where it has none, or one that
    cannot be read. `created` is when the pod was, 0 where nobody knows: it was always there.
    """

    uid: str
    namespace: str
    name: str
    request: Request | None = None
    deployed: Deployed | None = None
    failing_since: float | None = None
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """All that one decision is made of. `published` comes the oldest first, None where the
    repository cannot be asked; `users` in the order of their names. Of the `dependants`, the pods
    that name the source as one they depend on, `failing` are in error or ejected.
    """

    state: RolloutState
    policy: RolloutPolicy
    published: tuple[Version, ...] | None
    users: tuple[User, ...]
    dependants: int = 0
    failing: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """Something that people want to be told, once; `about` a version, where it is about one."""

    reason: Reason
    message: str
    warning: bool = False
    about: Version | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many users are asked for which version and what came of it: `proven` ran the candidate
    for the probation, `late` do not run it though the deadline is over, `failing` are in error or
    ejected, whatever they have.
    """

    users: int = 0
    on_last_known_good: int = 0
    on_candidate: int = 0
    proven: int = 0
    late: int = 0
    failing: int = 0


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """What one look leads to: first the `state` is stored, then pods are asked for versions.

    `reason` and `message` say why it stands where it does, at every look.
    """

    state: RolloutState
    requests: tuple[tuple[User, Version], ...]
    reason: Reason
    message: str
    news: tuple[News, ...] = ()
    tally: Tally = Tally()


Change = tuple[RolloutState, News | None]
"""What a rule makes of the state, and what people are told of it."""


def stamp(now: float) -> float:
    """`now` as it is stored: in whole seconds, so that what is read back is what was written."""
    return float(math.floor(now))
