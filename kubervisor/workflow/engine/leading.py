"""What only the leader runs: the threads that sync resources."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from kubervisor.errors import ApiError, Conflict, LeadershipLost, NotFound
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.threads import start_thread
from kubervisor.runtime.workqueue import ShutDown
from kubervisor.telemetry import workflow_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.workflow.engine.hands import Hands
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.queueing import InHand, Wakes
from kubervisor.workflow.engine.syncing import Syncing
from kubervisor.workflow.engine.watching import World

THREADS = 8
"""Syncs at a time: workers may wait for answers of Prometheus, and one may hang."""

END_SECONDS = 10.0


class WorkflowLeading:
    """Started when the lease is gained (or at once without one), stopped when the process ends."""

    def __init__(
        self,
        *,
        world: World,
        wakes: Wakes,
        syncing: Syncing,
        loops: Iterable[Loop],
        hands: Hands,
        stop: threading.Event,
        log: Log,
    ) -> None:
        self._world, self._wakes, self._syncing = world, wakes, syncing
        self._loops = tuple(loops)
        self._hands, self._stop, self._log = hands, stop, log

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._world.reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, and go on from there."""
        workflow_metrics.LEADER.set(1)
        if not await_all(self._world.reflectors, renewed, stop=self._stop, log=self._log):
            return
        self._log.info("Leading")
        for loop in self._loops:
            loop.start()
        for number in range(THREADS):
            start_thread(f"sync-{number}", self._work)
        for one in self._world.resources.cache.values():
            self._wakes.wake(Key(one.namespace, one.name))

    def end(self) -> None:
        """Stop all of it; syncs in hand are finished, but for workers that hang."""
        workflow_metrics.LEADER.set(0)
        self._wakes.shut_down()
        for loop in self._loops:
            loop.stop()
        self._hands.await_none(END_SECONDS)

    def _work(self) -> None:
        while True:
            try:
                hand = self._wakes.take()
            except ShutDown:
                return
            with self._hands.on(hand.key), workflow_metrics.SYNC_SECONDS.time():
                self._sync(hand)

    def _sync(self, hand: InHand) -> None:
        try:
            synced = self._syncing.sync(hand)
        except LeadershipLost:
            self._wakes.give_back(hand)  # the process is about to end
        except Exception as error:  # noqa: BLE001 - the guard: one resource's trouble is not another's
            self._tell(hand.key, error)
            self._wakes.give_back(hand)
        else:
            if synced is None:
                self._wakes.drop(hand)
            else:
                self._wakes.settle(hand, synced.own, synced.again, backs_off=synced.backs_off)

    def _tell(self, key: Key, error: Exception) -> None:
        workflow_metrics.SYNCS.labels("", type(error).__name__).inc()
        if isinstance(error, Conflict | NotFound):
            return  # it is another by now: that is how it should be
        expected = isinstance(error, ApiError)
        say = self._log.warning if expected else self._log.error
        say("Could not sync", resource=str(key), error=str(error), exc_info=not expected)
