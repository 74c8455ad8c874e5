"""A queue of keys: never two workers on one key, never a change lost.

The design of client-go's work queue: `dirty` is what is wanted, `processing` what is in hand. A key
added while it is in hand is handed out again when it is done.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SHORTEST_RETRY, LONGEST_RETRY = 0.1, 60.0


class ShutDown(Exception):
    """The queue was shut down: a worker ends."""


class WorkQueue(Generic[K]):
    """Fair, deduplicating queue with delayed and backed-off adds. All methods are thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._order: deque[K] = deque()
        self._dirty: set[K] = set()
        self._processing: set[K] = set()
        self._later: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._delayed = 0
        self._failures: dict[K, int] = {}
        self._ended = False

    def add(self, key: K, *, after: float = 0.0) -> None:
        """Ask for `key` to be handled, `after` seconds from now at the earliest."""
        with self._changed:
            if self._add_later(key, self._clock() + after) if after > 0 else self._add(key):
                self._changed.notify()

    def get(self) -> K:
        """The next key; blocks until there is one. Raises ShutDown once the queue has ended."""
        with self._changed:
            while True:
                if self._ended:
                    raise ShutDown
                wait = self._promote()
                if self._order:
                    key = self._order.popleft()
                    self._dirty.discard(key)
                    self._processing.add(key)
                    if not self._order:
                        self._changed.notify_all()  # there is room, and somebody watches the time
                    else:
                        self._changed.notify()  # somebody else takes the next
                    return key
                self._changed.wait(wait)

    def done(self, key: K) -> None:
        """`key` was handled; it is handed out again if it was added meanwhile."""
        with self._changed:
            self._processing.discard(key)
            if key in self._dirty:
                self._order.append(key)
                self._changed.notify()

    def retry(self, key: K) -> None:
        """Ask for `key` again, later with each failure."""
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
        self.add(key, after=min(LONGEST_RETRY, SHORTEST_RETRY * 2 ** min(failures, 16)))

    def forget(self, key: K) -> None:
        """`key` succeeded: its next failure backs off from the start."""
        with self._changed:
            self._failures.pop(key, None)

    def await_room(self, timeout: float) -> bool:
        """Wait until no key waits for a worker; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended or not self._order, timeout)

    def shut_down(self) -> None:
        """End: every `get` raises ShutDown."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._dirty) + len(self._due)

    def _add_later(self, key: K, due: float) -> bool:
        """Many delayed adds of one key are one: the earliest. True where nothing is due before."""
        if self._due.get(key, due + 1) <= due:
            return False
        self._due[key] = due
        self._delayed += 1
        heapq.heappush(self._later, (due, self._delayed, key))
        return self._later[0][1] == self._delayed

    def _add(self, key: K) -> bool:
        """True where a worker may begin with it."""
        if key in self._dirty:
            return False
        self._dirty.add(key)
        if key in self._processing:
            return False
        self._order.append(key)
        return True

    def _promote(self) -> float | None:
        """Move what has become due; returns the seconds until the next, None if nothing waits."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            due, _, key = heapq.heappop(self._later)
            if self._due.get(key) == due:
                del self._due[key]
                self._add(key)
        return self._later[0][0] - now if self._later else None
