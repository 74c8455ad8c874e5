"""What only the leader of this capability runs: the loop of rollouts."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from kubervisor.kube.caches import Changes, ObjectCache
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.reflector import Reflector
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.loops import Loops, without_a_beat
from kubervisor.telemetry import data_metrics
from kubervisor.telemetry.logs import Log

END_SECONDS = 10.0


class DataLeading:
    """Started when the lease is gained (or at once without one), stopped when the process ends."""

    def __init__(
        self,
        *,
        reflectors: tuple[Reflector[Any], ...],
        pods: ObjectCache[DataPod],
        rollouts: ObjectCache[SpecRecord],
        looks: Loop,
        others: Iterable[Loop],
        stop: threading.Event,
        clock: Clock,
        log: Log,
    ) -> None:
        """`looks` is woken by what changes of `pods` and `rollouts`."""
        self._reflectors, self._pods, self._rollouts = reflectors, pods, rollouts
        self._looks, self._loops = looks, Loops((looks, *others), clock)
        self._stop, self._clock, self._log = stop, clock, log
        self._leads = False

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, and go on from there."""
        data_metrics.LEADER.set(1)
        if not await_all(self._reflectors, renewed, stop=self._stop, log=self._log):
            return
        self._log.info("Leading")
        self._pods.subscribe(self._pods_changed)
        self._rollouts.subscribe(lambda _: self._looks.wake())
        self._loops.start()
        self._leads = True

    def stuck(self) -> str:
        """What should have moved long ago, "" where all is well or another leads."""
        return without_a_beat(self._loops.late()) if self._leads else ""

    def end(self) -> None:
        """Stop all of it; the writes in hand are finished."""
        data_metrics.LEADER.set(0)
        self._leads = False
        self._loops.stop()
        self._loops.join(self._clock.monotonic() + END_SECONDS)

    def _pods_changed(self, changes: Changes[DataPod]) -> None:
        """Wake for what a look would see: a pod that starts changes often without that."""
        if any(old is None or new is None or not new.says_the_same(old) for old, new in changes):
            self._looks.wake()
