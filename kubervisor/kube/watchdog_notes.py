"""Watchdogs' words as they are written on pods: `level/timestamp/message` in an annotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from kubervisor import instants
from kubervisor.text import printable
from kubervisor.traffic.watchdogs import EXPIRY, PROBE, STATUS, UNKNOWN, WatchdogStatus

LONGEST_MESSAGE = 1024
"""Characters of a message that are kept: anybody who may patch the pod can write one."""
MOST_WATCHDOGS = 64
"""Watchdogs of a pod that its record has: a pod's annotations have room for thousands."""


def read_statuses(annotations: Mapping[str, str]) -> tuple[WatchdogStatus, ...]:
    """The watchdogs of a pod with these annotations, by name; what has no level is left out."""
    found = (
        read_status(key.removeprefix(STATUS), text, annotations.get(f"{EXPIRY}{_name(key)}"))
        for key, text in sorted(annotations.items())
        if key.startswith(STATUS)
    )
    return tuple(
        replace(status, is_probed=True) if f"{PROBE}{status.name}" in annotations else status
        for status in found
        if status is not None
    )


def read_watchdogs(annotations: Mapping[str, str]) -> tuple[WatchdogStatus, ...]:
    """The watchdogs of the pod, by name, as many as are plausible: `Unknown` is the level of those
    with a probe that have said nothing. Pods of which none has spoken share one tuple.
    """
    spoken = read_statuses(annotations)
    known = {status.name for status in spoken}
    probed = (key.removeprefix(PROBE) for key in sorted(annotations) if key.startswith(PROBE))
    silent = _silent(tuple(name for name in probed if name not in known)[:MOST_WATCHDOGS])
    if not spoken:
        return silent
    return tuple(sorted((*spoken, *silent), key=lambda one: one.name)[:MOST_WATCHDOGS])


def read_status(name: str, text: str, expiry: str | None = None) -> WatchdogStatus | None:
    """What `text` says of watchdog `name`; None where it has no level before its first `/`.

    A timestamp without a zone, as AutoCrane writes it, is UTC. An expiry that cannot be read is
    none: the word counts for ever.
    """
    level, slash, rest = text.partition("/")
    if not slash or not level:
        return None
    at, _, message = rest.partition("/")
    return WatchdogStatus(
        name=name,
        level=printable(level)[:63],
        at=instants.parse(at) or instants.parse(f"{at}Z"),
        message=printable(message)[:LONGEST_MESSAGE],
        expires=instants.parse(expiry),
    )


def write_status(status: WatchdogStatus) -> str:
    """The annotation's text; `at` must be set.

    >>> write_status(WatchdogStatus("disk", "error", 0.0, "full"))
    'error/1970-01-01T00:00:00Z/full'
    """
    if status.at is None:
        raise ValueError(f"watchdog {status.name}: a status that is written has an instant")
    message = printable(status.message)[:LONGEST_MESSAGE]
    return f"{status.level.lower()}/{instants.render(status.at, 'seconds')}/{message}"


@lru_cache(maxsize=1024)
def _silent(names: tuple[str, ...]) -> tuple[WatchdogStatus, ...]:
    return tuple(WatchdogStatus(name, UNKNOWN, is_probed=True) for name in names)


def _name(key: str) -> str:
    return key.removeprefix(STATUS)
