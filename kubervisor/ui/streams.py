"""Server-sent events: each thing is looked at and encoded once, however many read it.

A reader never holds anybody up: what it has not read waits for it, a few messages at most, and then
it is cut off. It connects again and begins with the whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.documents import Heartbeat
from kubervisor.ui.topics import FleetTopic, ServiceTopic, Topic, message
from kubervisor.ui.view import View

STREAMS = 80
EVERY = 1.0
"""Seconds between two looks, at least."""
BYTES_PER_SECOND = 256 * 1024
"""So much is said to each reader on average at most: a Service of a thousand pods is told of every
few seconds.
"""
HEARTBEAT = 10.0
WAITING = 16
"""Messages that wait for a reader before it is cut off."""
_RETRY = b"retry: 2000\n\n"


class Reader:
    """One stream's end: an iterator over messages, until it is cut off or all is over."""

    def __init__(self, abort: Callable[[], None]) -> None:
        self._abort = abort
        self._messages: deque[bytes] = deque([_RETRY])
        self._ready = asyncio.Event()
        self.is_over = False

    def tell(self, *messages: bytes) -> None:
        """Have these read next."""
        if len(self._messages) > WAITING:
            self.end()
            self._abort()
            return
        self._messages += messages
        self._ready.set()

    def end(self) -> None:
        """Say no more."""
        self.is_over = True
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while not self.is_over:
                await self._ready.wait()
                self._ready.clear()
                while self._messages and not self.is_over:
                    yield self._messages.popleft()
        finally:
            self.is_over = True


class _Channel:
    """The readers of one topic. Instants are seconds of the loop's clock."""

    def __init__(self, topic: Topic) -> None:
        self.readers: list[Reader] = []
        self._topic = topic
        self._due = self._said_at = self._whole_at = 0.0
        self._whole: list[bytes] = []

    def join(self, reader: Reader, now: float) -> None:
        """Begin with all of it. Who comes at the same time gets the same bytes."""
        if not self._whole or now - self._whole_at >= EVERY:
            self._whole, self._whole_at = self._topic.whole(), now
        self.readers.append(reader)
        reader.tell(*self._whole)

    def look(self, now: float, at: float) -> None:
        """Tell all readers what is new, and after a while of silence that this is alive."""
        self.readers = [reader for reader in self.readers if not reader.is_over]
        if now < self._due or not self.readers:
            return
        said, self._whole = self._topic.look(), []
        self._due = now + sum(map(len, said)) / BYTES_PER_SECOND
        if not said and now - self._said_at >= HEARTBEAT:
            said = [message("heartbeat", Heartbeat(at))]
        if said:
            self._said_at = now
            for reader in self.readers:
                reader.tell(*said)


class Streams:
    """All streams. Nothing is looked at while nobody reads."""

    def __init__(self, view: View, log: Log) -> None:
        self._view, self._log = view, log
        self._channels: dict[ServiceKey | None, _Channel] = {}
        self._ticking: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        channels = self._channels.values()
        return sum(not reader.is_over for channel in channels for reader in channel.readers)

    def open(
        self, key: ServiceKey | None, abort: Callable[[], None]
    ) -> AsyncIterator[bytes] | None:
        """Messages about a Service, or about all of them (None), until the reader goes or is cut
        off by `abort`. None where there are as many readers as there may be.
        """
        if len(self) >= STREAMS:
            return None
        channel = self._channels.get(key)
        if channel is None:
            topic = FleetTopic(self._view) if key is None else ServiceTopic(self._view, key)
            channel = self._channels[key] = _Channel(topic)
            self._watch()
        reader = Reader(abort)
        channel.join(reader, self._clock())
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        return aiter(reader)

    def close(self) -> None:
        """End all streams."""
        self._end_all()
        if self._ticking is not None:
            self._ticking.cancel()

    def _watch(self) -> None:
        self._view.recorder.watch(key for key in self._channels if key is not None)

    async def _tick(self) -> None:
        try:
            while self._channels:
                await asyncio.sleep(EVERY)
                for key, channel in list(self._channels.items()):
                    channel.look(self._clock(), self._view.now())
                    if not channel.readers:
                        del self._channels[key]
                        self._watch()
        except Exception as error:  # noqa: BLE001 - the guard: readers must not wait for nothing
            self._log.error("Streams ended", error=str(error), exc_info=True)
            self._end_all()

    def _end_all(self) -> None:
        for channel in self._channels.values():
            for reader in channel.readers:
                reader.end()

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()
