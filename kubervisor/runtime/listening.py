"""The breakers of one Service that listen to the pods' watchdogs, and when they judge out of turn.

A watchdog's word comes by the watch, so nobody waits for an evaluation period to hear it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf

from kubervisor.runtime.clock import Clock
from kubervisor.traffic.detector_policy import WatchdogPolicy
from kubervisor.traffic.policy import BreakerPolicy


class Listeners:
    """Used in the Breaker's steps, but for `hear`, which reflectors call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listening: tuple[BreakerPolicy, ...] = ()
        self._out_of_turn: Mapping[BreakerPolicy, float] = {}
        self._heard = False

    def keep(self, breakers: Iterable[BreakerPolicy]) -> None:
        """Those of `breakers` that listen do, and nobody else."""
        self._listening = tuple(b for b in breakers if isinstance(b.detector, WatchdogPolicy))
        self._out_of_turn = {b: at for b, at in self._out_of_turn.items() if b in self._listening}

    def hear(self) -> bool:
        """A member's watchdog has spoken: True where somebody listens."""
        self._heard = bool(self._listening)
        return self._heard

    def now_due(self) -> Mapping[BreakerPolicy, float]:
        """The breakers that judge what was heard at once, with the present instant: each out of
        turn once in its period. A storm of words is then one step, and steps stay apart.
        """
        if not self._heard:
            return {}
        self._heard = False
        now = self._clock.monotonic()
        due = {
            breaker: now
            for breaker in self._listening
            if now - self._out_of_turn.get(breaker, -inf) >= breaker.period
        }
        self._out_of_turn = {**self._out_of_turn, **due}
        return due
