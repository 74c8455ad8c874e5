"""How long to wait before asking again: longer each time, and never all at the same moment."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Doubling waits from `first` to `limit` seconds, each shortened at random by up to a half."""

    def __init__(
        self, first: float, limit: float, *, draw: Callable[[], float] = random.random
    ) -> None:
        self._first = first
        self._limit = limit
        self._draw = draw
        self._next = first

    def next(self) -> float:
        """Return how many seconds to wait now; the next wait is twice as long."""
        wait, self._next = self._next, min(2 * self._next, self._limit)
        return wait * (1 - self._draw() / 2)

    def reset(self) -> None:
        """Begin again with the shortest wait: it works."""
        self._next = self._first
