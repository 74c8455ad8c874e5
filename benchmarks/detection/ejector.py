"""A published rule in closed loop: its outliers are ejected, and come back, as Envoy and gRPC do.

Out for 30 s times the ejections in a row, 300 s at most; a clean interval forgives one. Rules that
only alert (MAD, DBSCAN) are given the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.detection.baselines.rule import Mask, Rule, Window
from kubervisor.simulation.loop import Decider, Hire
from kubervisor.simulation.record import Action, Did
from kubervisor.simulation.scraping import Scraper
from kubervisor.simulation.world import World

BASE, LONGEST = 30.0, 300.0


def ejecting(rule: Rule) -> Hire:
    """A decider for each run that ejects by `rule`."""

    def hire(world: World, _scraper: Scraper, rng: np.random.Generator) -> Decider:
        return Ejector(rule, world, rng)

    return hire


class Ejector:
    """Ejects the outliers of one rule."""

    def __init__(self, rule: Rule, world: World, rng: np.random.Generator) -> None:
        self._rule, self._world = rule, world
        self._tick = world.scenario.tick
        self._every = max(1, round(rule.interval / self._tick))
        self._phase = int(rng.integers(0, self._every))
        pods = world.scenario.pods
        self.serving: Mask = world.serving
        self._until, self._times = np.zeros(pods), np.zeros(pods)

    def next_tick(self, after: int) -> int | None:
        """Its next interval."""
        tick = after + 1 + (self._phase - after - 1) % self._every
        return tick if tick < self._world.scenario.ticks else None

    def act(self, tick: int) -> Sequence[Action]:
        """Returns whoever's time is over, then ejects, then forgives."""
        now = tick * self._tick
        back = ~self.serving & (self._until <= now)
        self.serving = self.serving | back
        actions = [Action(now, int(pod), Did.RETURNED) for pod in np.flatnonzero(back)]
        window = self._window(tick)
        if window is None:
            return actions
        for pod in np.flatnonzero(self._rule.outliers(window) & ~back):
            if (~self.serving).mean() * 100 >= self._rule.cap_percent:
                break
            self._times[pod] += 1
            self._until[pod] = now + min(BASE * self._times[pod], LONGEST)
            self.serving[pod] = False
            actions.append(Action(now, int(pod), Did.EJECTED))
        self._times = np.where(self.serving, np.maximum(self._times - 1, 0), self._times)
        return actions

    def _window(self, tick: int) -> Window | None:
        span = max(1, round(self._rule.span / self._tick))
        edges = tick - span * np.arange(self._rule.spans, -1, -1)
        edges = edges[edges >= 0]
        if len(edges) < 2:
            return None
        world = self._world
        failures, successes, seconds = (
            np.diff(counter[edges], axis=0)
            for counter in (world.failures, world.successes, world.seconds)
        )
        return Window(failures, successes, seconds, self.serving)
