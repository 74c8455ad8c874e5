"""What goes wrong: told once, and tried again later, without holding up anything else."""

from __future__ import annotations

import threading

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, KubervisorError
from kubervisor.rules.controller.remembered import Key
from kubervisor.telemetry import metrics, rule_metrics
from kubervisor.telemetry.logs import Log

LONGEST_BACK_OFF = 60.0


class Troubles:
    """Thread-safe but for `begin`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._now = 0.0
        self._told: dict[Key, str] = {}
        self._failures: dict[Key, tuple[int, float]] = {}
        self._cut_off: set[str] = set()

    def begin(self, now: float) -> None:
        """Another step of the loop begins at a monotonic instant."""
        self._now = now
        self._cut_off.clear()

    def is_put_off(self, key: Key, namespace: str) -> bool:
        """Whether a rule's object rests: it has just failed, or the API server gave no answer in
        its namespace at this step.
        """
        with self._lock:
            _, until = self._failures.get(key, (0, 0.0))
            return self._now < until or namespace in self._cut_off

    def failed(
        self, key: Key, of: str, target: str, error: Exception, namespace: str | None = None
    ) -> None:
        """Count it; and tell it where it is no conflict, which the next look settles."""
        if isinstance(error, ApiError):
            rule_metrics.WRITE_ERRORS.labels(target, error.reason).inc()
        else:
            metrics.STEP_ERRORS.labels("rules", type(error).__name__).inc()
        if isinstance(error, Conflict):
            return
        with self._lock:
            if isinstance(error, ApiUnavailable) and namespace is not None:
                self._cut_off.add(namespace)
            count, _ = self._failures.get(key, (0, 0.0))
            rest = min(LONGEST_BACK_OFF, 2.0 ** min(count, 10))
            self._failures[key] = count + 1, self._now + rest
            said = f"{type(error).__name__}: {error}"
            is_known, self._told[key] = self._told.get(key) == said, said
        if not is_known:
            traced = not isinstance(error, KubervisorError)
            self._log.warning("Rule failed", of=of, error=said, exc_info=traced)

    def passed(self, key: Key) -> None:
        """It went well."""
        with self._lock:
            self._told.pop(key, None)
            self._failures.pop(key, None)

    def forget_all_but(self, rules: set[str]) -> None:
        """Drop what is known of rules that are gone, by their uids."""
        with self._lock:
            self._told = {key: one for key, one in self._told.items() if key[0] in rules}
            self._failures = {key: one for key, one in self._failures.items() if key[0] in rules}
