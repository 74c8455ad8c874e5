"""The JSON of the rollouts of data: of each what its DataRollout says, capped and cut."""

from __future__ import annotations

from kubervisor.ui.documents import Answer, Condition, Document

MOST_ROLLOUTS = 200
MOST_QUARANTINED, MOST_HAPPENINGS, MOST_VERSIONS, MOST_STAGES = 20, 10, 10, 10


class Version(Document):
    """A version; `pods` are those that run it, None where nobody counted them."""

    path: str
    sha256: str
    at: float | None
    pods: int | None


class Stage(Document):
    """The candidate's stage; `needed` pods must have proven it before the stage is over."""

    index: int
    percent: int
    since: float | None
    needed: int | None


class Quarantined(Document):
    """A version that was taken back."""

    path: str
    sha256: str
    reason: str
    at: float | None


class Happening(Document):
    """One thing that happened."""

    at: float | None
    reason: str
    path: str
    message: str


class Rules(Document):
    """What is in force, as durations and numbers; "" and None where it is not known."""

    stages: list[int]
    probation: str
    failure_percent: int | None
    progress_deadline: str


class Rollout(Document):
    """One source's rollout. `level` is ok, notice, alarm or unknown; counts are of pods."""

    namespace: str
    name: str
    source: str
    level: str
    phase: str
    reason: str
    message: str
    paused: bool
    pin: str
    rules: Rules
    last_known_good: Version | None
    candidate: Version | None
    newest: Version | None
    stage: Stage | None
    users: int | None
    on_last_known_good: int
    on_candidate: int
    proven: int
    failing: int
    dependants: int
    failing_dependants: int
    versions: list[Version]
    quarantine: list[Quarantined]
    quarantined: int
    failures: int
    not_before: float | None
    history: list[Happening]
    conditions: list[Condition]


class Data(Answer):
    """All rollouts."""

    rollouts: tuple[Rollout, ...]
