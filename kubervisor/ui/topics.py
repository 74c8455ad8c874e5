"""What streams are about: each says all of itself, and then what is new, as server-sent events."""

from __future__ import annotations

from typing import Protocol

import msgspec

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.documents import (
    Controller,
    Document,
    Fleet,
    FleetChanges,
    Key,
    Problem,
    ServiceRow,
    encode,
)
from kubervisor.ui.memory import MINUTE
from kubervisor.ui.service_documents import Service
from kubervisor.ui.view import View


class Topic(Protocol):
    """What a stream is about."""

    def whole(self) -> list[bytes]:
        """All of it, as it was at the last look, for a new reader."""

    def look(self) -> list[bytes]:
        """What is new since the last look."""


class FleetTopic:
    """All Services."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rows: dict[str, ServiceRow] = {}
        self._controller: Controller | None = None

    def whole(self) -> list[bytes]:
        """The list."""
        if self._controller is None:
            self.look()
        assert self._controller is not None, "a look leaves one"
        rows = list(self._rows.values())
        return [message("fleet", Fleet(self._view.now(), self._controller, rows))]

    def look(self) -> list[bytes]:
        """The rows that say something else."""
        rows, controller = self._view.rows(), self._view.controller()
        changed = [row for uid, row in rows.items() if row is not self._rows.get(uid)]
        there = {(row.namespace, row.name) for row in changed}
        removed = [
            Key(row.namespace, row.name)
            for uid, row in self._rows.items()
            if uid not in rows and (row.namespace, row.name) not in there
        ]
        if not changed and not removed and controller == self._controller:
            return []
        self._rows, self._controller = rows, controller
        return [message("changes", FleetChanges(self._view.now(), controller, changed, removed))]


class ServiceTopic:
    """One Service and its history."""

    def __init__(self, view: View, key: ServiceKey) -> None:
        self._view, self._key = view, key
        self._service: Service | None = None
        self._version = 0
        self._looked = False

    def whole(self) -> list[bytes]:
        """The Service and all that is kept of it."""
        if not self._looked:
            self.look()
        return [self._told(), *self._minutes("history")]

    def look(self) -> list[bytes]:
        """The Service where it changed, and the newest minutes where there are samples."""
        known, said, self._looked = self._service, list[bytes](), True
        self._service = self._view.service(self._key)
        if not _same(known, self._service):
            said.append(self._told())
            if known is None:
                said += self._minutes("history")
        version = self._view.recorder.version(self._key)
        if version != self._version:
            self._version = version
            said += self._minutes("minutes", since=int(self._view.now()) // MINUTE - 1)
        return said

    def _told(self) -> bytes:
        if self._service is None:
            return message("gone", no_service(self._key))
        return message("service", msgspec.structs.replace(self._service, at=self._view.now()))

    def _minutes(self, event: str, *, since: int = 0) -> list[bytes]:
        history = self._view.history(self._key, since=since)
        return [] if history is None else [message(event, history)]


def _same(one: Service | None, other: Service | None) -> bool:
    """True where nothing but the time is another."""
    if one is None or other is None:
        return one is other
    return msgspec.structs.replace(one, at=other.at) == other


def no_service(key: ServiceKey) -> Problem:
    """What is said where there is none of that name."""
    return Problem(f"There is no KubervisorService {key}")


def message(event: str, document: Document) -> bytes:
    """A server-sent event; JSON has no line breaks of its own."""
    return b"event: %s\ndata: %s\n\n" % (event.encode(), encode(document))
