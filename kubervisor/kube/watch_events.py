"""One line of a watch: what happened to which object, and up to which version all is told."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.listing import ListMeta

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class EventType(StrEnum):
    """What a watch says of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class WatchEvent(NamedTuple, Generic[T_co]):
    """What happened to an object, and its record."""

    type: EventType
    record: T_co
    version: str


class Bookmark(NamedTuple):
    """That all is told up to `version`; what later versions of the API may tell is one too."""

    version: str


class _Line(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Object(msgspec.Struct, gc=False):
    metadata: ListMeta


_lines = msgspec.json.Decoder(_Line)
_objects = msgspec.json.Decoder(_Object)


def read_event(
    path: str,
    line: bytes,
    decode: Callable[[bytes | msgspec.Raw], T],
    at_once: Callable[[bytes], WatchEvent[T]] | None = None,
) -> WatchEvent[T] | Bookmark:
    """What a line of the watch at `path` tells; `decode` makes a record of one object's JSON.

    `at_once` may read a line in one pass where `decode` would take three. What it raises for, an
    error or a bookmark or an object that cannot be read, is read with care.

    Raises ApiError: the one that the line tells, or ApiUnavailable where it is unreadable.
    """
    if at_once is not None:
        try:
            return at_once(line)
        except failures.UNREADABLE:
            pass
    told = failures.decoded(path, _lines.decode, line)
    if told.type == "ERROR":
        raise failures.from_event(failures.describe("WATCH", path), told.object)
    version = failures.decoded(path, _objects.decode, told.object).metadata.resource_version
    if told.type not in EventType.__members__:
        return Bookmark(version)
    return WatchEvent(EventType(told.type), failures.decoded(path, decode, told.object), version)
