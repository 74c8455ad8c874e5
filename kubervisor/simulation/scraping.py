"""What a Prometheus holds of the world: each pod's counters at the instants of its scrapes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kubervisor.simulation.faults import active
from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.world import World

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]
Mask = NDArray[np.bool_]

EPOCH = 1_800_000_000.0
"""The instant of tick 0, Unix seconds: any will do, but small ones would hide mistakes."""


class Scraper:
    """Samples by pod and window. Scrape k of a pod is at tick `phase + k * interval`."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        scenario = world.scenario
        self._world, self._tick = world, scenario.tick
        self.every = round(scenario.scrapes.interval / scenario.tick)
        self.phase: Ticks = rng.integers(0, self.every, scenario.pods)
        self._skew = np.zeros(scenario.pods)
        self._restarts: dict[int, int] = {}
        self._born: dict[int, int] = {}
        self._window = (0, 0)
        self._found: dict[int, tuple[Ticks, tuple[float, ...]]] = {}
        self._lost = _lost(scenario, rng)
        for fault in scenario.faults:
            for pod, start in fault.starts(scenario.pods).items():
                self._skew[pod] += fault.skew
                if fault.restart:
                    self._restarts[pod] = math.ceil(start / scenario.tick)

    def replace(self, pod: int, tick: int) -> None:
        """Another pod is scraped in its place from `tick` on; its counters start from 0."""
        self._restarts[pod] = self._born[pod] = tick

    def samples(
        self, counter: Floats, pod: int, first: int, last: int
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Instants and values of a pod's scrapes in (first, last], in ticks, oldest first."""
        ticks, times = self._scrapes(pod, first, last)
        return times, tuple(self._seen(counter, pod, ticks).tolist())

    def increase(self, counter: Floats, pod: int, first: int, last: int) -> float | None:
        """What a counter grew by between the samples in (first, last], as `increase()` gives it:
        spread over the whole window, resets left out; None where there are fewer than two.
        """
        ticks, _ = self._scrapes(pod, first, last)
        if len(ticks) < 2:
            return None
        values = self._seen(counter, pod, ticks)
        steps = np.diff(values)
        grown = float(np.where(steps >= 0, steps, values[1:]).sum())
        return grown * (last - first) / float(ticks[-1] - ticks[0])

    def increments(self, counter: Floats, ends: Ticks, window: int) -> Floats:
        """[len(ends) x pods]: growth between the first and the last scrape in (end - window, end].

        For screening only: it knows nothing of lost scrapes, resets and skew.
        """
        latest = (ends[:, None] - self.phase) // self.every
        earliest = (ends[:, None] - window - self.phase) // self.every + 1
        columns = np.arange(len(self.phase))
        last = counter[np.maximum(latest, 0) * self.every + self.phase, columns]
        first = counter[np.maximum(earliest, 0) * self.every + self.phase, columns]
        return np.where(latest > np.maximum(earliest, 0), last - first, 0.0)

    def _scrapes(self, pod: int, first: int, last: int) -> tuple[Ticks, tuple[float, ...]]:
        """Ticks and instants of a pod's scrapes; all of a step's queries ask for the same."""
        if self._window != (first, last):
            self._window = (first, last)
            self._found.clear()
        found = self._found.get(pod)
        if found is None:
            ticks = self._between(pod, first, last)
            at = ticks * self._tick + (self._skew[pod] + EPOCH)
            found = self._found[pod] = ticks, tuple(at.tolist())
        return found

    def _between(self, pod: int, first: int, last: int) -> Ticks:
        skew, phase = round(self._skew[pod] / self._tick), int(self.phase[pod])
        first = max(first - skew, self._born.get(pod, 0) - 1)
        start = max(0, (first - phase) // self.every + 1)
        end = min(last - skew, last) - phase  # what is stamped in the past is no older for that
        scrapes = np.arange(start, end // self.every + 1)
        if self._lost is not None:
            scrapes = scrapes[~self._lost[scrapes, pod]]
        return scrapes * self.every + phase

    def _seen(self, counter: Floats, pod: int, ticks: Ticks) -> Floats:
        values: Floats = counter[ticks, pod]
        restart = self._restarts.get(pod)
        if restart is not None:
            values = np.where(ticks >= restart, values - counter[restart, pod], values)
        return values


def _lost(scenario: Scenario, rng: np.random.Generator) -> Mask | None:
    """[scrapes x pods]: which scrapes fail; None where none does."""
    faults = [fault for fault in scenario.faults if fault.missing or fault.silent]
    if not faults:
        return None
    every = round(scenario.scrapes.interval / scenario.tick)
    scrapes = scenario.ticks // every + 1
    lost = np.zeros((scrapes, scenario.pods), dtype=bool)
    for fault in faults:
        share = 1.0 if fault.silent else fault.missing / 100
        failing = rng.random(lost.shape) < share
        during = active(fault, scenario)[::every]
        lost[: len(during)] |= failing[: len(during)] & during
    return lost
