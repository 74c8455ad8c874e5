"""A storm: more ejections are wanted than the process may do, for longer than a minute.

A minute is enough for every outlier of a real fault. What still asks for more by then is a wrong
measurement or a wrong spec, and people need time to see it: each Service goes on at one ejection in
ten seconds, until a minute has passed in which nobody had to wait.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable

from kubervisor.runtime.rate import TokenBucket

FIRST_SECONDS = 60.0
CALM_SECONDS = 60.0
PACE_SECONDS = 10.0


class Storm:
    """Whether there is one and whose turn it is; all instants are monotonic seconds."""

    def __init__(self) -> None:
        self._began = self._last_wait = -math.inf
        self._last: dict[Hashable, float] = {}

    def wait(self, service: Hashable, now: float) -> float:
        """Seconds until `service` may eject again as far as a storm is concerned."""
        if now - self._last_wait > CALM_SECONDS:
            self._last.clear()
            return 0.0
        if now - self._began <= FIRST_SECONDS:
            return 0.0
        return max(0.0, self._last.get(service, -math.inf) + PACE_SECONDS - now)

    def waited(self, now: float) -> None:
        """Somebody had to wait: a storm begins, or goes on."""
        if now - self._last_wait > CALM_SECONDS:
            self._began = now
        self._last_wait = now

    def ejected(self, service: Hashable, now: float) -> None:
        """A pod of `service` is being ejected."""
        self._last[service] = now


class EjectionLimit:
    """The limits on ejections that do not depend on a fleet: `rate` a second, and in a storm."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket, self._storm = TokenBucket(rate, clock=clock), Storm()
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, service: Hashable) -> float:
        """0 where a pod of `service` may be ejected now, and is counted; else the seconds until one
        may be.
        """
        with self._lock:
            now = self._clock()
            wait = self._storm.wait(service, now) or self._bucket.take()
            if wait:
                self._storm.waited(now)
            else:
                self._storm.ejected(service, now)
            return wait
