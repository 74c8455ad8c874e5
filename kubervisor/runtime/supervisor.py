"""Runs one worker for each KubervisorService, up to as many as the administrator allows."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kubervisor.errors import CapacityExceeded
from kubervisor.kube.selectors import SelectorIndex
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.assignment import Assignment
from kubervisor.runtime.desk import Shared
from kubervisor.runtime.loops import STUCK_SECONDS
from kubervisor.runtime.service_worker import ServiceWorker
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic.model import Pod, ServiceKey


class Supervisor:
    """Thread-safe. A worker whose assignment did not change is left alone."""

    def __init__(self, shared: Shared, actuator: Actuator, *, most: int) -> None:
        self._shared, self._actuator, self._most = shared, actuator, most
        self._lock = threading.Lock()
        self._workers: dict[ServiceKey, ServiceWorker] = {}
        self._selectors: SelectorIndex[ServiceKey] = SelectorIndex()

    def ensure(self, assignment: Assignment, recorded: Mapping[str, Any]) -> ServiceWorker:
        """The worker of `assignment.key`, running with it; a new one takes up the status that was
        `recorded`. Raises CapacityExceeded.
        """
        key = assignment.key
        self._selectors.add(key, key.namespace, dict(assignment.selector))
        with self._lock:
            worker = self._workers.get(key)
            if worker is None:
                worker = self._start(assignment, recorded)
        worker.assign(assignment)
        return worker

    def concerned(self, pod: Pod) -> tuple[ServiceKey, ...]:
        """The KubervisorServices that `pod` is a member of, or carries the name of."""
        keys = self._selectors.matching(pod.namespace, pod.labels)
        if pod.claimed_by is None:
            return keys
        return (*keys, ServiceKey(pod.namespace, pod.claimed_by))

    def get(self, key: ServiceKey) -> ServiceWorker | None:
        """The worker of `key`, if it runs."""
        with self._lock:
            return self._workers.get(key)

    def all(self) -> tuple[ServiceWorker, ...]:
        """Every worker that runs."""
        with self._lock:
            return tuple(self._workers.values())

    def stuck(self) -> str:
        """Names of loops that should have beaten long ago, "" where all is well."""
        now = self._shared.clock.monotonic()
        late = [
            loop.name
            for worker in self.all()
            for loop in (worker.breaker, worker.activator)
            if now - loop.next_beat > STUCK_SECONDS
        ]
        return f"loops without a beat: {', '.join(late[:5])}" if late else ""

    def drop(self, key: ServiceKey, *, timeout: float = 10.0) -> None:
        """Stop the worker of `key` and wait for the write in hand."""
        with self._lock:
            worker = self._workers.pop(key, None)
            self._selectors.remove(key)
            traffic_metrics.WORKERS.set(len(self._workers))
        if worker is not None:
            worker.stop()
            worker.join(timeout)
            # Under the lock, a status in the making cannot bring them back.
            with worker.desk.lock:
                traffic_metrics.forget_service(key.namespace, key.name)

    def stop_all(self, *, timeout: float = 10.0) -> None:
        """Stop every worker, then wait for all."""
        workers = self.all()
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join(timeout)

    def _start(self, assignment: Assignment, recorded: Mapping[str, Any]) -> ServiceWorker:
        if len(self._workers) >= self._most:
            raise CapacityExceeded(
                f"this controller runs {self._most} Services, its limit; raise --max-services, or "
                "run another controller with --namespace for a part of them"
            )
        worker = ServiceWorker(assignment, self._shared, self._actuator)
        # Before it runs: its Activator may hold the desk for as long as it labels pods.
        worker.restore(recorded)
        try:
            worker.start()
        except RuntimeError as error:  # the first worker, where there is not one thread for all
            worker.stop()
            raise CapacityExceeded(f"no thread can be started: {error}") from error
        self._workers[assignment.key] = worker
        traffic_metrics.WORKERS.set(len(self._workers))
        return worker
