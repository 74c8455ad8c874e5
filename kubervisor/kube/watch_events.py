"""One line of a watch: what happened to which object, and up to which version all is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.listing import ListMeta


class EventType(StrEnum):
    """What a watch says of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`type` is None for a bookmark, and for what later versions of the API may tell."""

    type: EventType | None
    object: msgspec.Raw
    version: str


class _Line(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Object(msgspec.Struct, gc=False):
    metadata: ListMeta


_lines = msgspec.json.Decoder(_Line)
_objects = msgspec.json.Decoder(_Object)


def read_event(path: str, line: bytes) -> WatchEvent:
    """The event that a line of the watch at `path` tells, its object not decoded yet.

    Raises ApiError: the one that the line tells, or ApiUnavailable where it is unreadable.
    """
    told = failures.decoded(path, _lines.decode, line)
    if told.type == "ERROR":
        raise failures.from_event(failures.describe("WATCH", path), told.object)
    version = failures.decoded(path, _objects.decode, told.object).metadata.resource_version
    known = EventType(told.type) if told.type in EventType.__members__ else None
    return WatchEvent(known, told.object, version)
