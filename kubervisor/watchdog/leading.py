"""What only the leader of this capability runs: the prober, those who mark pods, the evictor."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watched_cache import WatchedPods
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.loops import STUCK_SECONDS, Loops, without_a_beat
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry import watchdog_metrics
from kubervisor.telemetry.logs import Log
from kubervisor.watchdog.marker import Marker
from kubervisor.watchdog.prober import Prober

MARKERS = 4
END_SECONDS = 10.0


class WatchdogLeading:
    """Started when the lease is gained (or at once without one), stopped when the process ends."""

    def __init__(
        self,
        *,
        reflectors: tuple[Reflector[Any], ...],
        pods: WatchedPods,
        prober: Prober,
        marker: Marker,
        loops: Iterable[Loop],
        stop: threading.Event,
        clock: Clock,
        log: Log,
    ) -> None:
        self._reflectors, self._pods = reflectors, pods
        self._prober, self._marker, self._loops = prober, marker, Loops(loops, clock)
        self._stop, self._clock, self._log = stop, clock, log
        self._threads: list[threading.Thread] = []
        self._leads = False

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, then probe until the process ends.

        Nobody stands in for a prober that fails: what it raises ends the process.
        """
        watchdog_metrics.LEADER.set(1)
        if not await_all(self._reflectors, renewed, stop=self._stop, log=self._log):
            return
        self._log.info("Leading")
        # Only now: nobody takes from a standby's queue, and it would grow with each pod.
        self._pods.subscribe(self._marker.told)
        self._pods.subscribe(self._prober.told)
        self._threads = [start_thread(f"mark-{n}", self._marker.work) for n in range(MARKERS)]
        self._marker.look_at_all()
        self._loops.start()
        self._leads = True
        self._prober.run()

    def stuck(self) -> str:
        """What should have moved long ago, "" where all is well or another leads."""
        if not self._leads:
            return ""
        late = self._loops.late()
        if self._clock.monotonic() - self._prober.last_beat > STUCK_SECONDS:
            late.append("prober")
        return without_a_beat(late)

    def end(self) -> None:
        """Stop all of it; the writes in hand are finished."""
        watchdog_metrics.LEADER.set(0)
        self._leads = False
        self._prober.stop()
        self._loops.stop()
        self._marker.stop()
        until = self._clock.monotonic() + END_SECONDS
        self._loops.join(until)
        for thread in self._threads:
            thread.join(max(0.0, until - self._clock.monotonic()))
