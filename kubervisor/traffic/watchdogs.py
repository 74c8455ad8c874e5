"""Watchdogs: what a pod's application says of itself, finer than readiness.

A watchdog has a name and, by its last word, a level. The keys and levels are AutoCrane's: other
tools write and select on them. Only `error` is a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

# Annotations on pods, each followed by the name of a watchdog
PROBE = "probe.autocrane.io/"
PROBE_SETTINGS = "probe-settings.autocrane.io/"
STATUS = "status.autocrane.io/"
EXPIRY = "expiry.autocrane.io/"

# Label on pods: the worst level of all watchdogs
HEALTH = "status.autocrane.io/health"

UNKNOWN = "Unknown"
"""The health of a pod of which no watchdog has said anything."""


class Level(StrEnum):
    """How grave a watchdog's word is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


_WEIGHTS = {Level.ERROR.value: 3, Level.WARNING.value: 2, Level.INFO.value: 1}


@dataclass(frozen=True, slots=True)
class WatchdogStatus:
    """A watchdog's last word. `level` is as written: others may write what is no `Level`. It is
    `Unknown` where it has not spoken.

    `at` is when it was said, None where that is unreadable; `expires` until when it counts, None
    for ever (both Unix seconds). `is_probed` where the pod declares a probe of that name: its
    prober says anew what changes, while a posted word stands for what its author knew then.
    """

    name: str
    level: str
    at: float | None = None
    message: str = ""
    expires: float | None = None
    is_probed: bool = False

    @property
    def is_failure(self) -> bool:
        """True where the level is `error`, in whatever case it is written."""
        return self.level.lower() == Level.ERROR

    def reaches(self, level: Level) -> bool:
        """True where it is that level or a graver one."""
        return _weight(self.level) >= _weight(level)

    def counts(self, now: float) -> bool:
        """Whether it has not expired at `now`."""
        return self.expires is None or now < self.expires


def worse(one: str, other: str) -> str:
    """The graver of two levels as they are written; the first of equals.

    >>> worse("Info", "Warning"), worse("x", "Unknown")
    ('Warning', 'x')
    """
    return other if _weight(other) > _weight(one) else one


def health(levels: Iterable[str]) -> str:
    """The worst of `levels`, as it is written; `Unknown` where there is none.

    >>> health([]), health(["info", "error"])
    ('Unknown', 'error')
    """
    return reduce(worse, levels, UNKNOWN)


def health_label(levels: Iterable[str]) -> str:
    """The health of a pod as its label says it: whatever case `levels` are written in, a selector
    for `error` finds the pod.

    >>> health_label(["info", "Error"]), health_label([])
    ('error', 'Unknown')
    """
    return health(level.lower() for level in levels)


def _weight(level: str) -> int:
    return _WEIGHTS.get(level.lower(), 0)
