"""A limit on ejections per second of the whole process: the blast radius of any mistake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BURST_SECONDS = 1.2
"""How many seconds' worth may be taken at once. Ten Services with an outlier each, judged at random
phases of a second, then lose all ten within a second and a half; with 1.0 not always.
"""


class TokenBucket:
    """At most `rate` tokens a second on average, BURST_SECONDS of them at once, at least one.

    A process begins with one: what it finds when it starts has no burst.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._size = max(1.0, BURST_SECONDS * rate)
        self._tokens, self._at = 1.0, clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """0 where a token was taken; else the seconds until one will be there, and none is
        taken.
        """
        with self._lock:
            now = self._clock()
            self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
            self._at = now
            if self._tokens < 1:
                return (1 - self._tokens) / self._rate
            self._tokens -= 1
            return 0.0

    def drain(self) -> None:
        """Let the burst be earned anew."""
        with self._lock:
            self._tokens, self._at = 0.0, self._clock()
