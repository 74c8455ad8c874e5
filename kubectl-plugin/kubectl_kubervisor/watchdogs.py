"""What a pod's watchdogs say of it, as it is written in its annotations; pure."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_kubervisor import instants, words
from kubectl_kubervisor.objects import Pod
from kubectl_kubervisor.text import listed

SILENT = "Unknown"
"""The level of a watchdog that has a probe and has said nothing."""


class Watchdog(NamedTuple):
    """A watchdog and its last word; `since` and `expires` as they are written."""

    name: str
    level: str
    since: str
    message: str
    probed: bool
    expires: str

    def said(self, now: float) -> str:
        """All of it in a line.

        >>> Watchdog("disk", "error", "", "full", False, "").said(0.0)
        'error: full (posted)'
        """
        if self.level == SILENT:
            return "has said nothing"
        until = instants.parse(self.expires)
        marks = [
            instants.since(self.since, now) + " ago" if instants.parse(self.since) else "",
            "" if self.probed else "posted",
            "expired" if until is not None and until <= now else "",
        ]
        about = ", ".join(filter(None, marks))
        word = f"{self.level}: {self.message}" if self.message else self.level
        return f"{word} ({about})" if about else word


def watchdogs(pod: Pod) -> list[Watchdog]:
    """Those that have spoken, and those with a probe, by name."""
    names = {
        key.removeprefix(prefix)
        for prefix in (words.WATCHDOG_STATUS, words.WATCHDOG_PROBE)
        for key in pod.notes
        if key.startswith(prefix)
    }
    return [_watchdog(pod, name) for name in sorted(names)]


def in_short(pod: Pod) -> str:
    """Levels by name, of those that have spoken: `disk=error, net=info`."""
    return listed([f"{one.name}={one.level}" for one in watchdogs(pod) if one.level != SILENT])


def _watchdog(pod: Pod, name: str) -> Watchdog:
    level, slash, rest = pod.notes.get(words.WATCHDOG_STATUS + name, "").partition("/")
    since, _, message = rest.partition("/")
    return Watchdog(
        name,
        level if level and slash else SILENT,
        since if since.endswith("Z") else f"{since}Z",  # without a zone it is UTC
        message,
        words.WATCHDOG_PROBE + name in pod.notes,
        pod.notes.get(words.WATCHDOG_EXPIRY + name, ""),
    )
