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
LONG_RUN_SECONDS = 2.0
"""A Service that has ejected at the whole rate for so long has had to wait, burst or not."""


class Storm:
    """Whether there is one; all instants are monotonic seconds."""

    def __init__(self) -> None:
        self._began = self._last_wait = -math.inf

    def distance(self, now: float) -> float:
        """Seconds that a storm puts between two ejections of one Service; 0 where there is none."""
        calm = now - self._last_wait > CALM_SECONDS
        return 0.0 if calm or now - self._began <= FIRST_SECONDS else PACE_SECONDS

    def waited(self, now: float) -> None:
        """Somebody had to wait: a storm begins, or goes on."""
        if now - self._last_wait > CALM_SECONDS:
            self._began = now
        self._last_wait = now


class EjectionLimit:
    """The limits on ejections that do not depend on a fleet: `rate` a second, and in a storm.

    The burst is for Services that fail at the same moment: one Service's own ejections keep a
    distance of 1 / `rate` seconds, and after an outage of the API server there is no burst.
    """

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket, self._storm = TokenBucket(rate, clock=clock), Storm()
        self._distance, self._long_run = 1 / rate, LONG_RUN_SECONDS * rate
        self._last: dict[Hashable, tuple[float, int]] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, service: Hashable) -> float:
        """0 where a pod of `service` may be ejected now, and is counted; else the seconds until one
        may be.
        """
        with self._lock:
            now = self._clock()
            last, run = self._last.get(service, (-math.inf, 0))
            since = now - last
            if since < self._distance:
                if run >= self._long_run:
                    self._storm.waited(now)
                return self._distance - since
            wait = max(0.0, self._storm.distance(now) - since) or self._bucket.take()
            if wait:
                self._storm.waited(now)
            else:
                self._last.pop(service, None)
                self._last[service] = now, run + 1 if since < 2 * self._distance else 1
                self._forget(now - max(PACE_SECONDS, self._distance))
            return wait

    def outage(self) -> None:
        """The API server refused or was gone: what has piled up by its return comes evenly."""
        self._bucket.drain()

    def _forget(self, before: float) -> None:
        """Drop Services whose last ejection says nothing any more; they are in order of it."""
        while self._last:
            service, (last, _) = next(iter(self._last.items()))
            if last >= before:
                return
            del self._last[service]
