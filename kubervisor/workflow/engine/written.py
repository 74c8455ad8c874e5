"""What we wrote last, which the watches may not have shown yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from kubervisor.workflow.engine.seen import Seen

LONGEST_LAG = 30.0
"""Seconds after which a watch that has not shown what we wrote is taken at its word: it is gone."""

K = TypeVar("K", bound=Hashable)


class Written(Generic[K]):
    """Objects as our writes left them, until the watch has shown them. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._stored: dict[K, tuple[Seen, float]] = {}

    def note(self, key: K, stored: Seen) -> None:
        """The API server answered a write with this."""
        with self._lock:
            self._stored[key] = stored, self._clock() + LONGEST_LAG

    def shown(self, key: K, version: int) -> None:
        """A watch has told of the object, as of `version`, or that it was deleted then."""
        with self._lock:
            found = self._stored.get(key)
            if found is not None and version >= found[0].version:
                del self._stored[key]

    def not_shown(self) -> tuple[Seen, ...]:
        """All that no watch has shown yet."""
        with self._lock:
            now = self._clock()
            return tuple(stored for stored, until in self._stored.values() if now <= until)

    def newest(self, key: K, cached: Seen | None) -> Seen | None:
        """The newer one of what is `cached` and what we wrote."""
        with self._lock:
            found = self._stored.get(key)
            if found is None:
                return cached
            stored, until = found
            if self._clock() > until:
                del self._stored[key]
                return cached
        return stored if cached is None or cached.version < stored.version else cached
