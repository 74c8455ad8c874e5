"""Watch events of pods at a steady rate: the statuses that kubelets write."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from benchmarks.scale.store import encoded
from benchmarks.scale.wire import send_chunk
from benchmarks.scale.world import World

BEAT = 0.02
"""Seconds between two batches of events."""
FLIPS = 100
"""One event of so many changes whether its pod is Ready; the others only restart counts, times and
versions, which concern no controller of traffic.
"""
STRIDE = 7919
"""A prime: events go round among the Services, not along one of them."""
QUIET = 20.0
"""Seconds after which a stream that had nothing to say sends a bookmark."""

Flag = Callable[[], int]


class Churn:
    """A stream of all pods gets `rate` events a second of its own, from its first moment on; one of
    some of them gets their part.

    `sent` counts events; `behind` is by how many seconds the reader was too slow for them at most.
    """

    def __init__(self, world: World, rate: int, version: Flag) -> None:
        self._world, self._rate, self._version = world, rate, version
        self.sent = 0
        self.behind = 0.0

    def follow(self, connection: socket.socket, pods: range) -> None:
        """Send events of these pods until the client goes."""
        rate = self._rate * len(pods) / self._world.pods
        if not rate:
            _wait_for_end(connection)
            return
        began, numbers = time.monotonic(), count()
        with suppress(OSError):
            for beat in count(1):
                due = began + beat * BEAT
                time.sleep(max(0.0, due - time.monotonic()))
                size = round(beat * BEAT * rate) - round((beat - 1) * BEAT * rate)
                batch = [self._event(next(numbers), pods) for _ in range(size)]
                if batch:  # an empty chunk would end the stream
                    send_chunk(connection, b"".join(batch))
                self.sent += len(batch)
                self.behind = max(self.behind, time.monotonic() - due)

    def _event(self, number: int, pods: range) -> bytes:
        """The event with this number, of one of `pods`; every second that flips is Ready again."""
        flip, back = divmod(number // FLIPS, 2)
        is_flip = number % FLIPS == 0
        pod = pods[(flip if is_flip else number) * STRIDE % len(pods)]
        ready = not is_flip or bool(back)
        body = self._world.pod(pod, self._version(), restarts=number % 7, ready=ready)
        return b'{"type":"MODIFIED","object":%b}\n' % body


class Feed:
    """The changes of one collection, told to every stream that follows it."""

    def __init__(self, version: Flag) -> None:
        self._version = version
        self._streams: dict[queue.SimpleQueue[bytes], str | None] = {}
        self._lock = threading.Lock()

    def tell(self, body: dict[str, Any]) -> None:
        """Send a change of an object to all who watch its namespace, or all of them."""
        line = b'{"type":"MODIFIED","object":%b}\n' % encoded(body)
        with self._lock:
            for stream, namespace in self._streams.items():
                if namespace in (None, body["metadata"]["namespace"]):
                    stream.put(line)

    def follow(self, connection: socket.socket, namespace: str | None) -> None:
        """Send changes in `namespace`, or in all for None, as they come, and bookmarks in silence,
        until the client goes.
        """
        mine: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        with self._lock:
            self._streams[mine] = namespace
        try:
            while True:
                send_chunk(connection, self._next(mine))
        except OSError:
            return
        finally:
            with self._lock:
                self._streams.pop(mine, None)

    def _next(self, mine: queue.SimpleQueue[bytes]) -> bytes:
        try:
            return mine.get(timeout=QUIET)
        except queue.Empty:
            metadata = {"metadata": {"resourceVersion": str(self._version())}}
            return b'{"type":"BOOKMARK","object":%b}\n' % encoded(metadata)


def _wait_for_end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.recv(1)
