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

from kubervisor.errors import ApiError, Gone, NotFound
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.client import Api
from kubervisor.kube.listing import PAGE_SIZE, ListMeta, read_page
from kubervisor.kube.stream import Stream
from kubervisor.kube.versions import Newest
from kubervisor.kube.watch_events import EventType, WatchEvent, read_event

LIST_SECONDS = 60.0
WATCH_SECONDS = (270, 310)  # the server ends each watch after this long; drawn, so that many spread
IDLE_SECONDS = 90.0  # bookmarks come about every minute

T = TypeVar("T")


class Restart(StrEnum):
    """What a reflector counts: LISTs after the first, and watches opened again."""

    RELIST = "relist"
    REWATCH = "rewatch"


class Reflector(Generic[T]):
    """Lists and watches one path. `run` belongs to a thread; everything else may be asked by any.

    `decode` makes a record of one object's JSON, `at_once` (see `read_event`) of a line of the
    watch. `on_replace(records, begun)` gets a whole LIST and the monotonic instant at which it
    began; `on_event(type, record)` one change. Both run on the thread of `run`. `count` hears of
    every restart. A kind that the server does not know keeps it from being synced, unless it
    `may_be_unknown`: then it has no objects, and is asked for again and again.

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
        at_once: Callable[[bytes], WatchEvent[T]] | None = None,
        count: Callable[[Restart], None] = lambda _: None,
        may_be_unknown: bool = False,
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
        self._decode, self._at_once = decode, at_once
        self._on_replace = on_replace
        self._on_event = on_event
        self._stop = stop
        self._count = count
        self._may_be_unknown = may_be_unknown
        self._idle_seconds = idle_seconds
        self._backoff = backoff or Backoff(0.2, 30.0)
        self._clock = clock
        self._version = ""  # empty: a LIST is due
        self._newest = Newest(path, clock)
        self._page_size = PAGE_SIZE
        self._state = threading.Condition()
        self._stream: Stream | None = None
        # LISTs demanded so far, and up to which one they were tried, and answered.
        self._demanded = self._tried = self._answered = 0

    def run(self) -> None:
        """Reflect until the stop event is set; `interrupt` makes it notice at once."""
        self._version = ""
        while not self._stop.is_set():
            try:
                self._turn()
            except ApiError as error:
                self._note(error)
            if not self._is_list_untried():
                self._stop.wait(self._backoff.next())

    def interrupt(self) -> None:
        """End the open watch now; call it after setting the stop event."""
        with self._state:
            if self._stream is not None:
                self._stream.close()
            self._state.notify_all()

    def catch_up(self) -> None:
        """Return once what the watch has brought by now is taken in; a few milliseconds, if any."""
        with self._state:
            stream = self._stream
        if stream is not None:
            stream.catch_up()

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

    def await_list(self, ticket: int, timeout: float) -> bool:
        """Wait until a LIST begun after that demand is taken in; False after `timeout` seconds."""
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

    def _is_list_untried(self) -> bool:
        """True where a LIST should not wait: one that has just failed should."""
        with self._state:
            return self._demanded > self._tried and not self._stop.is_set()

    def _list(self) -> None:
        if self.synced.is_set():
            self._count(Restart.RELIST)
        with self._state:
            answers = self._tried = self._demanded
        begun = self._clock()
        try:
            records, version = self._pages()
        except NotFound:
            if self._may_be_unknown:
                self._on_replace([], begun)
                self._answer(answers)
            raise
        self._newest.refuse_older(version)
        self._on_replace(records, begun)
        self._move_on(version)
        self._answer(answers)

    def _answer(self, demands: int) -> None:
        self.synced.set()
        with self._state:
            self._answered = demands
            self._state.notify_all()

    def _move_on(self, version: str) -> None:
        self._version = version
        self._newest.take_in(version)

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

    def _page(self, token: str) -> tuple[list[T], ListMeta]:
        page = read_page(
            self._api,
            self._path,
            self._decode,
            size=self._page_size,
            token=token,
            timeout=LIST_SECONDS,
        )
        self.last_contact = self._clock()
        return page

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
        event = read_event(self._path, line, self._decode, self._at_once)
        if isinstance(event, WatchEvent):
            self._on_event(event.type, event.record)
        self._move_on(event.version)
        # Only here: a LIST that works before a watch that does not must not make us ask faster.
        self._backoff.reset()

    def _works(self) -> None:
        self.problem = None
        if self.healthy_since is None:
            self.healthy_since = self._clock()

    def _note(self, error: ApiError) -> None:
        self.problem = str(error)
        self.healthy_since = None
