"""How a pod stands with each of its names: what it has, what it says, when it tries again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from kubervisor.datarollout.versions import Deployed, Progress, Version
from kubervisor.kube.backoff import Backoff

RETRY_SECONDS = (1.0, 300.0)


def _backoff() -> Backoff:
    return Backoff(*RETRY_SECONDS)


@dataclass(slots=True)
class Standing:
    """One name's. `version` is what was tried last, None before that, and `said` what the pod's
    annotation shall say of it. Instants are monotonic seconds.

    `due` is when it is tried again, infinite where it need not be; `troubled_since` is when the
    repository ceased to give bytes, None while it gives them. `problem` is what kept it from being
    ready, "" where nothing did, and `notified` the folder of which the application was told.
    """

    version: Version | None = None
    said: Deployed | None = None
    due: float = -math.inf
    problem: str = ""
    troubled_since: float | None = None
    notified: str | None = None
    backoff: Backoff = field(default_factory=_backoff)

    def begin(self, version: Version) -> None:
        """This version is asked for: what was of another one before counts no more."""
        if not _is_equal(version, self.version):
            self.version, self.due = version, -math.inf
            self.problem, self.troubled_since, self.backoff = "", None, _backoff()

    def say(self, version: Version, progress: Progress, at: float, message: str = "") -> None:
        """`at` is since when (Unix seconds); it stays where all else does."""
        deployed = Deployed(version, progress, at, message)
        if not is_told(deployed, self.said):
            self.said = deployed

    @property
    def is_ready(self) -> bool:
        """Whether the pod has what is asked for."""
        return self._says(Progress.READY)

    @property
    def has_failed(self) -> bool:
        """Whether what is asked for could not be brought, last time."""
        return self._says(Progress.FAILED)

    def _says(self, progress: Progress) -> bool:
        said = self.said
        return (
            said is not None and said.progress is progress and _is_equal(said.version, self.version)
        )


def is_told(wanted: Deployed, told: Deployed | None) -> bool:
    """Whether `told` says the same, whenever it was said."""
    return (
        told is not None
        and _is_equal(wanted.version, told.version)
        and (wanted.progress, wanted.message) == (told.progress, told.message)
    )


def _is_equal(one: Version, other: Version | None) -> bool:
    """Of the same bytes and the same name; a request tells no more of a version."""
    return other is not None and (one.path, one.sha256) == (other.path, other.sha256)
