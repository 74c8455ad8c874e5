"""Keeps a cache equal to what the API server stores: one consistent LIST, then a WATCH that never
ends.

Rules it keeps: the LIST asks for the newest state (no resourceVersion), and one older than what was
seen before is not taken in; the version moves on only after an event was taken in, so a broken
stream repeats events and never loses one; whatever happens, the next request waits a growing while;
a stream without even a bookmark counts as broken.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from kubervisor.errors import ApiError, ApiUnavailable, Gone
from kubervisor.kube import failures
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.client import Api, Stream

PAGE_SIZE = 500
LIST_SECONDS = 60.0
WATCH_SECONDS = (270, 310)  # the server ends each watch after this long; drawn, so that many spread
IDLE_SECONDS = 90.0  # bookmarks come about every minute
RESTORED_SECONDS = 60.0
"""After so long an older state is the only one there is: the store was restored from a backup."""

T = TypeVar("T")
R = TypeVar("R")


class EventType(StrEnum):
    """What a watch says of an object."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Restart(StrEnum):
    """What a reflector counts: LISTs after the first, and watches opened again."""

    RELIST = "relist"
    REWATCH = "rewatch"


class _ListMeta(msgspec.Struct, gc=False, rename="camel"):
    resource_version: str = ""
    next_token: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct, gc=False):
    metadata: _ListMeta
    items: list[msgspec.Raw] = []


class _Event(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct, gc=False):
    metadata: _ListMeta


_pages = msgspec.json.Decoder(_Page)
_events = msgspec.json.Decoder(_Event)
_versions = msgspec.json.Decoder(_Bookmark)


class Reflector(Generic[T]):
    """Lists and watches one path. `run` belongs to a thread; everything else may be asked by any.

    `decode` makes a record of one object's JSON. `on_replace(records, begun)` gets a whole LIST and
    the monotonic instant at which it began; `on_event(type, record)` one change. Both run on the
    thread of `run`. `count` hears of every restart.

    `synced` is set once the first LIST was taken in. `problem` says what keeps it from working,
    None where it works. `last_contact` is when the server last said anything and `healthy_since`
    since when it works without a break (both monotonic seconds, None for never and for not now).
    """

    def __init__(
        self,
        api: Api,
        path: str,
        *,
        decode: Callable[[bytes | msgspec.Raw], T],
        on_replace: Callable[[list[T], float], None],
        on_event: Callable[[EventType, T], None],
        name: str,
        stop: threading.Event,
        count: Callable[[Restart], None] = lambda _: None,
        idle_seconds: float = IDLE_SECONDS,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.synced = threading.Event()
        self.problem: str | None = None
        self.last_contact: float | None = None
        self.healthy_since: float | None = None
        self._api = api
        self._path = path
        self._decode = decode
        self._on_replace = on_replace
        self._on_event = on_event
        self._stop = stop
        self._count = count
        self._idle_seconds = idle_seconds
        self._backoff = backoff or Backoff(0.2, 30.0)
        self._clock = clock
        self._version = ""  # empty: a LIST is due
        self._newest = 0  # the highest version taken in
        self._older_since: float | None = None  # since when every LIST is older than that
        self._page_size = PAGE_SIZE
        self._state = threading.Condition()
        self._stream: Stream | None = None
        self._demanded = 0  # barriers asked for, and up to which one a LIST has answered
        self._answered = 0

    def run(self) -> None:
        """Reflect until the stop event is set; `interrupt` makes it notice at once."""
        self._version = ""
        while not self._stop.is_set():
            try:
                self._turn()
            except ApiError as error:
                self._note(error)
            if not self._is_list_demanded():
                self._stop.wait(self._backoff.next())

    def interrupt(self) -> None:
        """End the open watch now; call it after setting the stop event."""
        with self._state:
            if self._stream is not None:
                self._stream.close()
            self._state.notify_all()

    @property
    def last_sign(self) -> float:
        """When the server last said anything (monotonic); -inf where the watch does not work."""
        works = self.healthy_since is not None and self.last_contact is not None
        return self.last_contact or -math.inf if works else -math.inf

    def renew(self) -> int:
        """Have a LIST made soon, whatever the watch says; the number of this demand."""
        with self._state:
            self._demanded += 1
            ticket = self._demanded
        self.interrupt()
        return ticket

    def barrier(self, timeout: float) -> bool:
        """Wait until a LIST begun after this call is taken in; False after `timeout` seconds."""
        ticket = self.renew()
        with self._state:
            self._state.wait_for(
                lambda: self._answered >= ticket or self._stop.is_set(), timeout=timeout
            )
            return self._answered >= ticket

    def _turn(self) -> None:
        if not self._version or self._is_list_demanded():
            self._list()
        else:
            self._count(Restart.REWATCH)
        self._watch()

    def _is_list_demanded(self) -> bool:
        with self._state:
            return self._demanded > self._answered and not self._stop.is_set()

    def _list(self) -> None:
        if self.synced.is_set():
            self._count(Restart.RELIST)
        with self._state:
            answers = self._demanded
        begun = self._clock()
        records, version = self._pages()
        self._refuse_older(version)
        self._on_replace(records, begun)
        self._move_on(version)
        self.synced.set()
        with self._state:
            self._answered = answers
            self._state.notify_all()

    def _refuse_older(self, version: str) -> None:
        """An API server that is behind would bring back what we have changed since."""
        if _number(version) >= self._newest:
            self._older_since = None
            return
        now = self._clock()
        self._older_since = now if self._older_since is None else self._older_since
        if now - self._older_since < RESTORED_SECONDS:
            raise ApiUnavailable(
                f"{self._path}: the list of version {version} is older than {self._newest}, which "
                "was seen before: the API server is behind, or was restored from a backup"
            )
        self._newest, self._older_since = 0, None

    def _move_on(self, version: str) -> None:
        self._version = version
        self._newest = max(self._newest, _number(version))

    def _pages(self) -> tuple[list[T], str]:
        records, end = self._page("")
        while end.next_token:
            try:
                more, end = self._page(end.next_token)
            except Gone:
                # The pages expired while they were fetched: next time all in one piece.
                self._page_size = 0
                raise
            records += more
        self._page_size = PAGE_SIZE
        return records, end.resource_version

    def _page(self, token: str) -> tuple[list[T], _ListMeta]:
        """One page, decoded; its bytes are dropped before the next one is asked for."""
        query: dict[str, str | int] = {"limit": self._page_size} if self._page_size else {}
        if token:
            query["continue"] = token
        body = self._api.request("GET", self._path, query=query, timeout=LIST_SECONDS)
        self.last_contact = self._clock()
        page = self._decoded(_pages.decode, body)
        return [self._decoded(self._decode, item) for item in page.items], page.metadata

    def _watch(self) -> None:
        query: dict[str, str | int] = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": random.randint(*WATCH_SECONDS),
        }
        try:
            stream = self._api.stream(self._path, query, read_timeout=self._idle_seconds)
            self._works()
            with self._state:
                self._stream = stream
            if self._stop.is_set() or self._is_list_demanded():
                stream.close()
            for line in stream:
                self._take_in(line)
        except Gone:
            self._version = ""
            raise
        finally:
            with self._state:
                self._stream = None

    def _take_in(self, line: bytes) -> None:
        self.last_contact = self._clock()
        event = self._decoded(_events.decode, line)
        if event.type == "ERROR":
            raise failures.from_event(failures.describe("WATCH", self._path), event.object)
        version = self._decoded(_versions.decode, event.object).metadata.resource_version
        if event.type in EventType.__members__:
            self._on_event(EventType(event.type), self._decoded(self._decode, event.object))
        self._move_on(version)
        # Only here: a LIST that works before a watch that does not must not make us ask faster.
        self._backoff.reset()

    def _decoded(self, decode: Callable[[bytes | msgspec.Raw], R], raw: bytes | msgspec.Raw) -> R:
        return failures.decoded(self._path, decode, raw)

    def _works(self) -> None:
        self.problem = None
        if self.healthy_since is None:
            self.healthy_since = self._clock()

    def _note(self, error: ApiError) -> None:
        self.problem = str(error)
        self.healthy_since = None


def _number(version: str) -> int:
    """A version as a number; one that is none compares as older than any."""
    return int(version) if version.isdigit() else 0
