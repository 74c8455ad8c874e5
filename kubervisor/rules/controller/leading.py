"""What only the leader of this capability runs: the loop of rules."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from kubervisor.kube.reflector import Reflector
from kubervisor.runtime.barrier import await_all, renew_all
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.telemetry import metrics
from kubervisor.telemetry.logs import Log

END_SECONDS = 10.0
STUCK_SECONDS = 120.0
"""How long a loop may be overdue before /livez fails."""


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
        self._reflectors, self._loops = reflectors, tuple(loops)
        self._stop, self._clock, self._log = stop, clock, log
        self._leads = False

    def renew(self) -> tuple[int, ...]:
        """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
        return renew_all(self._reflectors)

    def begin(self, renewed: tuple[int, ...]) -> None:
        """Look at the newest state, that which was `renewed`, and go on from there."""
        metrics.RULE_LEADER.set(1)
        if not await_all(self._reflectors, renewed, stop=self._stop, log=self._log):
            return
        self._log.info("Leading")
        for loop in self._loops:
            loop.start()
        self._leads = True

    def stuck(self) -> str:
        """What should have moved long ago, "" where all is well or another leads."""
        if not self._leads:
            return ""
        now = self._clock.monotonic()
        late = [loop.name for loop in self._loops if now - loop.next_beat > STUCK_SECONDS]
        return f"without a beat: {', '.join(late)}" if late else ""

    def end(self) -> None:
        """Stop all of it; the writes in hand are finished."""
        metrics.RULE_LEADER.set(0)
        self._leads = False
        for loop in self._loops:
            loop.stop()
        until = self._clock.monotonic() + END_SECONDS
        for loop in self._loops:
            loop.join(until - self._clock.monotonic())
