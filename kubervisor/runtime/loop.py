"""A thread that takes steps: one pass of gather, decide, act, then a wait that a wake ends.

The loop is the one place that catches: an error in a step is counted and logged, and the next step
waits longer, so one Service's trouble is nobody else's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kubervisor.errors import KubervisorError, LeadershipLost
from kubervisor.runtime.alarm import Alarm
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry import metrics
from kubervisor.telemetry.logs import Log

Step = Callable[[], float]
"""One step; returns the seconds until the next one."""

LONGEST_BACKOFF = 30.0
SHORTEST_WAIT = 0.02
"""Seconds between two steps however often the loop is woken: a storm of events is one step."""


class Loop:
    """Calls `step` until stopped. A wake during a step makes the next one follow at once."""

    def __init__(self, name: str, kind: str, step: Step, *, clock: Clock, log: Log) -> None:
        """`name` names the thread; `kind` is the metrics label: breaker, activator, status, …"""
        self.name, self._kind, self._step = name, kind, step
        self._clock, self._log = clock, log
        self._alarm = Alarm()
        self._duration = metrics.STEP_DURATION.labels(kind)
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._last_error = ""
        self.last_beat = clock.monotonic()
        self.next_beat = self.last_beat

    def start(self) -> None:
        """Start the thread; the first step follows at once."""
        self._thread = start_thread(self.name, self._run)

    def wake(self) -> None:
        """Take the next step now."""
        self._alarm.ring()

    def stop(self) -> None:
        """End after the step in hand; returns at once."""
        self._stopped = True
        self._alarm.ring()

    def join(self, timeout: float) -> bool:
        """True once the thread has ended, at most `timeout` seconds from now."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        while not self._stopped:
            self._alarm.silence()
            wait = self._guarded_step()
            self.last_beat = self._clock.monotonic()
            self.next_beat = self.last_beat + wait
            self._rest(wait)

    def _rest(self, wait: float) -> None:
        """Wait for so many seconds, or until a wake; SHORTEST_WAIT of them in any case."""
        # The flag is asked too: a stop during the step may have come before its ring was silenced.
        if not self._stopped and self._alarm.wait(wait):
            rested = self._clock.monotonic() - self.last_beat
            time.sleep(max(0.0, min(SHORTEST_WAIT, wait) - rested))

    def _guarded_step(self) -> float:
        started = self._clock.monotonic()
        try:
            wait = self._step()
        except LeadershipLost:
            # The process is about to end; nothing may be written, and nothing is worth reporting.
            return LONGEST_BACKOFF
        except Exception as error:  # noqa: BLE001 - the guard: whatever it is must not end the thread
            return self._failed(error)
        if self._failures:
            self._log.info("Recovered", loop=self._kind, failures=self._failures)
        self._failures, self._last_error = 0, ""
        self._duration.observe(self._clock.monotonic() - started)
        return wait

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        metrics.STEP_ERRORS.labels(self._kind, type(error).__name__).inc()
        said = f"{type(error).__name__}: {error}"
        if said != self._last_error:
            expected = isinstance(error, KubervisorError)
            say = self._log.warning if expected else self._log.error
            say("Step failed", loop=self._kind, error=said, exc_info=not expected)
            self._last_error = said
        return min(LONGEST_BACKOFF, 0.5 * 2.0 ** min(self._failures - 1, 6))
