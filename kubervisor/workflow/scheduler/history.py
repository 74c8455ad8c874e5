"""The phases that a resource has been in, oldest first; the last is the one that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler.reading import exactly, instant, line

MOST_ENTRIES = 20
"""Further ones are forgotten from the oldest on."""

LONGEST_NAME = 253
"""Characters of the name of a phase. None of a project is as long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A phase that was entered at `since`; `message` is why, "" where nobody said."""

    phase: str
    since: datetime
    message: str = ""

    def as_json(self) -> Json:
        known: Json = {"phase": self.phase, "since": exactly(self.since)}
        return known | ({"message": self.message} if self.message else {})


History = tuple[Entry, ...]


def extended(history: History, entry: Entry) -> History:
    """The history once `entry` is the phase that the resource is in."""
    return (*history, entry)[-MOST_ENTRIES:]


def read(stored: object) -> History:
    """The readable ones of the last entries `stored`."""
    found = stored[-MOST_ENTRIES:] if isinstance(stored, list) else []
    return tuple(entry for value in found if (entry := _entry(value)) is not None)


def _entry(value: object) -> Entry | None:
    if not isinstance(value, dict):
        return None
    phase, since, message = value.get("phase"), instant(value.get("since")), value.get("message")
    if not isinstance(phase, str) or not phase or since is None:
        return None
    why = line(message) if isinstance(message, str) else ""
    return Entry(line(phase, LONGEST_NAME), since, why)
