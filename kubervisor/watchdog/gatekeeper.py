"""Keeps a gate's knowledge of its pod fresh, and answers from it at once.

The pod is read every two seconds whoever asks, because a readiness probe waits for one second and
an API server may hang for longer. One object is read by its name: the account of the application
needs the right to `get` pods, and none to list them all.
"""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import ApiError, NotFound
from kubervisor.kube.noted_pods import NotedPod
from kubervisor.kube.watchdog_notes import read_statuses
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.gate_metrics import GateMetrics
from kubervisor.telemetry.logs import Log
from kubervisor.watchdog.gate import Answer, Gate, Rule, failing_names

LOOK_SECONDS = 2.0


class Gatekeeper:
    """Looks by `read`, which returns the pod or raises ApiError. One thread calls `look` every
    `LOOK_SECONDS`; everything else may be asked by any.
    """

    def __init__(
        self,
        read: Callable[[], NotedPod],
        rule: Rule,
        *,
        clock: Clock,
        metrics: GateMetrics,
        log: Log,
    ) -> None:
        self._read, self._clock, self._metrics, self._log = read, clock, metrics, log
        self._gate = Gate(rule, started=clock.monotonic())
        self._told: Answer | None = None

    def look(self) -> None:
        """Read the pod once; where that fails, what is known of it holds for a time."""
        try:
            pod = self._read()
        except ApiError as error:
            self._failed(error)
        else:
            failing = failing_names(read_statuses(pod.annotations), self._clock.wall())
            self._gate = self._gate.seen(failing, self._clock.monotonic())
        self._tell()

    def answer(self) -> Answer:
        """Whether the pod may be Ready now."""
        return self._gate.answer(self._clock.monotonic())

    def refresh_metrics(self) -> None:
        """Have the page of metrics show this moment."""
        self._metrics.healthy.set(self.answer().healthy)

    def _failed(self, error: ApiError) -> None:
        self._metrics.read_errors.labels(error.reason).inc()
        problem = f"the pod cannot be read: {error}"
        if problem != self._gate.problem:
            self._log.warning("Cannot read the pod", error=str(error))
        # That it does not exist is an answer: there is no state to keep.
        if isinstance(error, NotFound):
            self._gate = self._gate.lost(problem)
        else:
            self._gate = self._gate.unread(problem, self._clock.monotonic())

    def _tell(self) -> None:
        answer = self.answer()
        if answer != self._told:
            self._told = answer
            self._log.info("Healthy" if answer.healthy else "Not healthy", why=answer.why)
