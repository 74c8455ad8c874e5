"""What is LISTed when somebody looks, and remembered for a moment.

Of such objects there is no watch here: their controllers have one, and most installations have none
of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

FRESH = 2.0
"""Seconds for which an answer serves all who ask."""
PATIENCE = 5.0
"""Seconds that the API server has for a page of a list."""


class Remembered(Generic[T]):
    """What `look` finds. For any number of threads; at most one looks at a time."""

    def __init__(self, look: Callable[[], T], monotonic: Callable[[], float]) -> None:
        self._look, self._monotonic = look, monotonic
        self._looking = threading.Lock()
        self._found: T | None = None
        self._until = 0.0

    def read(self) -> T:
        """What it found, `FRESH` seconds ago at most; blocks while it looks."""
        with self._looking:
            if self._found is None or self._monotonic() >= self._until:
                self._found = self._look()
                self._until = self._monotonic() + FRESH
            return self._found
