"""Writes on pods what the book says of them, whenever one of the two has changed.

Each pod that changed is looked at as it is then, so that nothing is lost by a failed write, a
restart, or somebody who wrote something else on it.
"""

from __future__ import annotations

from kubervisor.errors import ApiError, Conflict, LeadershipLost, NotFound
from kubervisor.kube.caches import Changes
from kubervisor.kube.watchdog_writer import WatchdogWriter
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.workqueue import ShutDown, WorkQueue
from kubervisor.telemetry import metrics, watchdog_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.watchdog.book import Book
from kubervisor.watchdog.inquiry import PodKey
from kubervisor.watchdog.marking import next_expiry, plan_mark
from kubervisor.watchdog.prober import Pods

SETTLES = 0.2
"""Seconds from a change of a pod until it is looked at: our own write is seen by then, and somebody
who keeps writing something else makes us write five times a second at most."""


class Marker:
    """`work` belongs to one or more threads, the rest may be called by any."""

    def __init__(
        self,
        pods: Pods,
        book: Book,
        writer: WatchdogWriter,
        *,
        clock: Clock,
        log: Log,
    ) -> None:
        self._pods, self._book, self._writer = pods, book, writer
        self._clock, self._log = clock, log
        self._queue: WorkQueue[PodKey] = WorkQueue()
        metrics.QUEUE_DEPTH.labels("watchdog").set_function(self._queue.__len__)

    def told(self, changes: Changes[WatchedPod]) -> None:
        """Look at the pods that have changed: a subscriber of the cache."""
        for _, new in changes:
            if new is not None:
                self._queue.add((new.namespace, new.name), after=SETTLES)

    def look_at(self, key: PodKey) -> None:
        """Look at that pod now."""
        self._queue.add(key)

    def look_at_all(self) -> None:
        """Look at every pod: others may have led meanwhile, and statuses expired."""
        for pod in self._pods.values():
            self._queue.add((pod.namespace, pod.name))

    def work(self) -> None:
        """Write until stopped; what fails is tried again, later each time."""
        while True:
            try:
                key = self._queue.get()
            except ShutDown:
                return
            try:
                self._attend(key)
            finally:
                self._queue.done(key)

    def stop(self) -> None:
        """End after the writes in hand."""
        self._queue.shut_down()

    def _attend(self, key: PodKey) -> None:
        try:
            self._mark(key)
        except (LeadershipLost, NotFound, Conflict):
            pass  # the process ends, or the pod is gone, or another of its name is there
        except Exception as error:  # noqa: BLE001 - the guard: one pod's trouble is not another's
            watchdog_metrics.MARK_ERRORS.inc()
            expected = isinstance(error, ApiError)
            say = self._log.warning if expected else self._log.error
            say("Could not mark a pod", pod="/".join(key), error=str(error), exc_info=not expected)
            self._queue.retry(key)
            return
        self._queue.forget(key)

    def _mark(self, key: PodKey) -> None:
        pod, now = self._pods.get(*key), self._clock.wall()
        if pod is None or pod.deleting:
            return
        mark = plan_mark(pod, self._book.of(pod.uid), now)
        if mark:
            self._writer.mark(pod, mark.statuses, mark.removed, mark.health)
            for status in mark.statuses:
                watchdog_metrics.MARKS.labels(status.level).inc()
                self._log.info(
                    "Marked pod",
                    namespace=pod.namespace,
                    pod=pod.name,
                    watchdog=status.name,
                    says=status.level,
                    message=status.message,
                )
        expiry = next_expiry(pod, now)
        if expiry is not None:
            self._queue.add(key, after=expiry - now)
