"""Takes steps: one pass of gather, decide, act, then a rest that a wake ends.

The loop is the one place that catches: an error in a step is counted and logged, and the next step
waits longer, so one Service's trouble is nobody else's.
"""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import KubervisorError, LeadershipLost
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.scheduler import Scheduler, Task
from kubervisor.telemetry import metrics
from kubervisor.telemetry.logs import Log

Step = Callable[[], float]
"""One step; returns the seconds until the next one."""

LONGEST_BACKOFF = 30.0
SHORTEST_REST = 0.02
"""Seconds between two steps however often the loop is woken: a storm of events is one step."""


class Loop:
    """Calls `step` until stopped. A wake during a step makes the next one follow at once."""

    __slots__ = (
        "_clock",
        "_duration",
        "_failures",
        "_kind",
        "_last_error",
        "_log",
        "_scheduler",
        "_step",
        "_task",
        "last_beat",
        "name",
        "next_beat",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        step: Step,
        *,
        scheduler: Scheduler,
        clock: Clock,
        log: Log,
        rest: float = SHORTEST_REST,
    ) -> None:
        """`kind` is the metrics label: breaker, activator, …; `rest` seconds at least are between
        two steps.
        """
        self.name, self._kind, self._step = name, kind, step
        self._clock, self._log = clock, log
        self._scheduler, self._task = scheduler, Task(self._turn, rest)
        self._duration = metrics.STEP_DURATION.labels(kind)
        self._failures = 0
        self._last_error = ""
        self.last_beat = clock.monotonic()
        self.next_beat = self.last_beat

    def start(self) -> None:
        """Take the first step at once. Raises RuntimeError where there is no thread for it."""
        self._scheduler.start(self._task)

    def wake(self) -> None:
        """Take the next step now."""
        self._scheduler.wake(self._task)

    def stop(self) -> None:
        """End after the step in hand; returns at once."""
        self._scheduler.stop(self._task)

    def join(self, timeout: float) -> bool:
        """True once no step is in hand, at most `timeout` seconds from now."""
        return self._scheduler.join(self._task, timeout)

    def _turn(self) -> float:
        wait = self._guarded_step()
        self.last_beat = self._clock.monotonic()
        self.next_beat = self.last_beat + wait
        return wait

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
