"""The two ends of the scale: a decider that knows everything, and none at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kubervisor.simulation.record import Action, Did, Mask, at_fault
from kubervisor.simulation.scraping import Scraper
from kubervisor.simulation.world import World


class Nobody:
    """Ejects nobody: what happens without a breaker."""

    def __init__(self, world: World, _scraper: Scraper, _rng: np.random.Generator) -> None:
        self.serving: Mask = world.serving

    def next_tick(self, after: int) -> int | None:
        """Never."""
        return None

    def act(self, tick: int) -> Sequence[Action]:
        """Nothing."""
        return ()


class Oracle:
    """Has each pod out for exactly the time in which something is wrong with it.

    Where that would leave fewer than half the fleet, nobody is out: no breaker may do that.
    """

    def __init__(self, world: World, _scraper: Scraper, _rng: np.random.Generator) -> None:
        faults = at_fault(world.scenario)
        spared = faults.sum(axis=1) * 2 <= world.scenario.pods
        self._out: Mask = faults & spared[:, None]
        self._tick = world.scenario.tick
        self.serving: Mask = world.serving

    def next_tick(self, after: int) -> int | None:
        """When a fault begins or ends."""
        changes = np.flatnonzero((self._out[after:] == self.serving).any(axis=1))
        return after + int(changes[0]) if len(changes) else None

    def act(self, tick: int) -> Sequence[Action]:
        """Pods leave and come back."""
        before, self.serving = self.serving, ~self._out[tick]
        return [
            Action(tick * self._tick, int(pod), _done(self.serving[pod]))
            for pod in np.flatnonzero(before != self.serving)
        ]


def _done(serves: np.bool_) -> Did:
    return Did.RETURNED if serves else Did.EJECTED
