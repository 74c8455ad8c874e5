"""What only the leader of this capability runs: the loop of rules."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from kubervisor.kube.reflector import Reflector
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.loops import Loops, without_a_beat
from kubervisor.telemetry import rule_metrics
from kubervisor.telemetry.logs import Log

END_SECONDS = 10.0


class RulesLeading:
    """Started when the lease is gained (or at once without one), stopped when the process ends."""

    def __init__(
        self,
        *,
        reflectors: tuple[Reflector[Any], ...],
        loops: Iterable[Loop],
        stop: threading.Event,
        clock: Clock,
        log: Log,
    ) -> None:
        self._reflectors, self._loops = reflectors, Loops(loops, clock)
        self._stop, self._clock, self._log = stop, clock, log
        self._leads = False

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, and go on from there."""
        rule_metrics.LEADER.set(1)
        if not await_all(self._reflectors, renewed, stop=self._stop, log=self._log):
            return
        self._log.info("Leading")
        self._loops.start()
        self._leads = True

    def stuck(self) -> str:
        """What should have moved long ago, "" where all is well or another leads."""
        return without_a_beat(self._loops.late()) if self._leads else ""

    def end(self) -> None:
        """Stop all of it; the writes in hand are finished."""
        rule_metrics.LEADER.set(0)
        self._leads = False
        self._loops.stop()
        self._loops.join(self._clock.monotonic() + END_SECONDS)
