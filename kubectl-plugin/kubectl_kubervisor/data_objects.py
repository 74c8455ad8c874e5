"""What the commands of `data` read of a DataRollout. What cannot be read counts as absent; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_kubervisor.objects import (
    Condition,
    Json,
    condition_of,
    mapping,
    number,
    sequence,
    text,
)

ARCHIVES = (".tar.zst", ".tar.gz", ".tgz", ".tar", ".zip")
SHORT = 17
"""Characters of a version that are shown where there are columns: the instant and half a digest."""


class Version(NamedTuple):
    """One state of a source: its archive's name and digest, and how many pods run it."""

    path: str = ""
    sha256: str = ""
    at: str = ""
    users: int = 0

    @property
    def name(self) -> str:
        """The path without what says that it is an archive; enough for `pin`.

        >>> Version("6740a1b2-0123456789abcdef.tar.zst").name
        '6740a1b2-0123456789abcdef'
        """
        ending = next((one for one in ARCHIVES if self.path.endswith(one)), "")
        return self.path.removesuffix(ending)

    @property
    def short(self) -> str:
        """The name's beginning, as columns have it; enough for `pin`, too."""
        return self.name[:SHORT]

    def is_meant_by(self, said: str) -> bool:
        """Whether `said` is its path, its digest, or the beginning of either."""
        return bool(said) and (
            self.path.startswith(said) or self.sha256.lower().startswith(said.lower())
        )


class Stage(NamedTuple):
    """A candidate's stage: its place from 0, its share in percent, when it began."""

    place: int
    percent: int
    since: str


class Quarantined(NamedTuple):
    """A version that was taken back, why and when."""

    version: Version
    reason: str
    at: str


class Happening(NamedTuple):
    """One thing that happened to a rollout."""

    at: str
    reason: str
    version: Version
    message: str


class Rollout(NamedTuple):
    """A DataRollout: `stages` and the like are those of its spec, else those in force, else none.

    `None` of a count says that the controller has not counted yet.
    """

    namespace: str
    name: str
    uid: str
    source: str
    created: str
    generation: int
    observed: int
    paused: bool
    pin: str
    stages: tuple[int, ...]
    probation: str
    failure_percent: int | None
    deadline: str
    phase: str
    reason: str
    message: str
    good: Version
    candidate: Version
    newest: Version
    stage: Stage | None
    counts: Mapping[str, int]
    versions: tuple[Version, ...]
    quarantine: tuple[Quarantined, ...]
    failures: int
    not_before: str
    history: tuple[Happening, ...]
    conditions: Mapping[str, Condition]

    @property
    def ready(self) -> bool:
        """Ready, and that of the newest spec."""
        return self.condition("Ready").true and self.observed >= self.generation

    def condition(self, kind: str) -> Condition:
        """A condition; Unknown where the controller has not written it."""
        return self.conditions.get(kind, Condition())

    @property
    def needed(self) -> int | None:
        """Pods that must have proven the candidate before its stage is over."""
        users = self.counts.get("users")
        if self.stage is None or users is None:
            return None
        return users - (100 - self.stage.percent) * users // 100

    def known(self) -> tuple[Version, ...]:
        """Every version that the status names."""
        named = (self.good, self.candidate, self.newest, *self.versions)
        old = (*(one.version for one in self.quarantine), *(one.version for one in self.history))
        return tuple(one for one in (*named, *old) if one.path)


_COUNTS = (
    "users",
    "onLastKnownGood",
    "onCandidate",
    "proven",
    "failing",
    "dependants",
    "failingDependants",
)


def rollout(body: Json) -> Rollout:
    """A DataRollout as the API gives it."""
    meta, spec, status = (mapping(body.get(part)) for part in ("metadata", "spec", "status"))
    rules = {**mapping(status.get("policy")), **spec}
    percent = rules.get("failurePercent")
    return Rollout(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        source=text(spec.get("source")) or text(meta.get("name")),
        created=text(meta.get("creationTimestamp")),
        generation=number(meta.get("generation")),
        observed=number(status.get("observedGeneration")),
        paused=spec.get("paused") is True,
        pin=text(spec.get("pin")),
        stages=tuple(one for one in sequence(rules.get("stages")) if isinstance(one, int)),
        probation=text(rules.get("probation")),
        failure_percent=percent if isinstance(percent, int) else None,
        deadline=text(rules.get("progressDeadline")),
        phase=text(status.get("phase")),
        reason=text(status.get("reason")),
        message=text(status.get("message")),
        good=_version(status.get("lastKnownGood")),
        candidate=_version(status.get("candidate")),
        newest=_version(status.get("newest")),
        # One that goes back had a stage, too.
        stage=_stage(status.get("stage")) if status.get("phase") == "RollingOut" else None,
        counts={name: number(status[name]) for name in _COUNTS if name in status},
        versions=tuple(map(_version, sequence(status.get("versions")))),
        quarantine=tuple(map(_quarantined, sequence(status.get("quarantine")))),
        failures=number(status.get("failures")),
        not_before=text(status.get("notBefore")),
        history=tuple(map(_happening, sequence(status.get("history")))),
        conditions=dict(map(condition_of, sequence(status.get("conditions")))),
    )


def _version(body: object) -> Version:
    one = mapping(body)
    path, sha256, at = (text(one.get(name)) for name in ("path", "sha256", "at"))
    return Version(path, sha256, at, number(one.get("users")))


def _stage(body: object) -> Stage | None:
    one: Mapping[str, Any] = mapping(body)
    if not one:
        return None
    return Stage(number(one.get("index")), number(one.get("percent")), text(one.get("since")))


def _quarantined(body: object) -> Quarantined:
    one = mapping(body)
    version = Version(text(one.get("path")), text(one.get("sha256")), text(one.get("versionAt")))
    return Quarantined(version, text(one.get("reason")), text(one.get("at")))


def _happening(body: object) -> Happening:
    one = mapping(body)
    at, reason, path, message = (text(one.get(n)) for n in ("at", "reason", "path", "message"))
    return Happening(at, reason, Version(path), message)
