"""What only the leader runs: reconcile workers, status workers, the orphan sweep, all Services."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from kubervisor.errors import ApiError, LeadershipLost
from kubervisor.kube.reflector import Reflector
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.controller import Controller
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.threads import start_thread
from kubervisor.runtime.wiring import Wiring
from kubervisor.runtime.workqueue import ShutDown, WorkQueue
from kubervisor.telemetry import traffic_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import ServiceKey

RECONCILERS = 2
STATUS_WRITERS = 2
RETRY_SECONDS = 0.5
ROOM_SECONDS = 1.0
"""Seconds for which a status waits at most while there is somebody to guard."""
TAKEN_IN_WITHIN = 5.0
"""Seconds after which those that are known by then are judged, however many are not."""
BEHIND, LOOK_AGAIN = 0.02, 0.05
"""Seconds by which evaluations are late where a status waits for them, and until it looks again."""


class Leading:
    """Started when the lease is gained (or at once without one), stopped when the process ends."""

    def __init__(
        self,
        *,
        reflectors: tuple[Reflector[Any], ...],
        controller: Controller,
        supervisor: Supervisor,
        wiring: Wiring,
        loops: Iterable[Loop],
        queue: WorkQueue[ServiceKey],
        statuses: WorkQueue[ServiceKey],
        breakers: Scheduler,
        outrank_all: Callable[[], None],
        stop: threading.Event,
        log: Log,
    ) -> None:
        """`breakers`, held until then, are released once the Services are known; `outrank_all`
        raises our epoch above that of every leader before us.
        """
        self._reflectors, self._controller = reflectors, controller
        self._supervisor, self._wiring = supervisor, wiring
        self._loops, self._outrank_all = tuple(loops), outrank_all
        self._queue, self._statuses, self._breakers = queue, statuses, breakers
        self._stop, self._log = stop, log

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, then act on it: nothing is decided on
        what a standby had cached.
        """
        traffic_metrics.LEADER.set(1)
        if not await_all(self._reflectors, renewed, stop=self._stop, log=self._log):
            return
        if not self._outranks_all():
            return
        self._log.info("Leading")
        for number in range(RECONCILERS):
            self._start(f"reconcile-{number}", self._queue, self._controller.reconcile)
        for number in range(STATUS_WRITERS):
            self._start(f"status-{number}", self._statuses, self._tell)
        for loop in self._loops:
            loop.start()
        self._wiring.enqueue_all()
        # One after the other is sooner than in between: all of them are judged at about one time.
        self._queue.await_room(TAKEN_IN_WITHIN)
        self._breakers.release()

    def _outranks_all(self) -> bool:
        """Whether we lead with an epoch of our own; False where the process ends meanwhile."""
        while not self._stop.is_set():
            try:
                self._outrank_all()
            except ApiError as error:
                self._log.warning("Waiting for an epoch of our own", error=str(error))
                self._stop.wait(RETRY_SECONDS)
            except LeadershipLost:
                return False
            else:
                return True
        return False

    def end(self) -> None:
        """Stop all of it; the write in hand is finished."""
        traffic_metrics.LEADER.set(0)
        self._queue.shut_down()
        self._statuses.shut_down()
        for loop in self._loops:
            loop.stop()
        self._supervisor.stop_all()

    def _tell(self, key: ServiceKey) -> None:
        # To guard the next one comes before telling that this one is guarded.
        until = time.monotonic() + ROOM_SECONDS
        self._queue.await_room(ROOM_SECONDS)
        while self._breakers.is_behind(BEHIND) and time.monotonic() < until:
            self._stop.wait(LOOK_AGAIN)
        self._controller.write_status(key)

    def _start(
        self, name: str, queue: WorkQueue[ServiceKey], handle: Callable[[ServiceKey], None]
    ) -> None:
        def work() -> None:
            try:
                _run_queue(queue, handle, self._log)
            except ShutDown:
                return

        start_thread(name, work)


def _run_queue(
    queue: WorkQueue[ServiceKey], handle: Callable[[ServiceKey], None], log: Log
) -> None:
    """Handle keys until the queue shuts down; a key that fails is tried again, later each time.

    Raises ShutDown.
    """
    while True:
        key = queue.get()
        try:
            with traffic_metrics.RECONCILE_DURATION.time():
                handle(key)
        except LeadershipLost:
            pass  # the process is about to end
        except Exception as error:  # noqa: BLE001 - the guard: one object's trouble is not another's
            traffic_metrics.RECONCILES.labels("error").inc()
            expected = isinstance(error, ApiError)
            say = log.warning if expected else log.error
            say("Could not reconcile", object=str(key), error=str(error), exc_info=not expected)
            queue.retry(key)
        else:
            traffic_metrics.RECONCILES.labels("ok").inc()
            queue.forget(key)
        finally:
            queue.done(key)
