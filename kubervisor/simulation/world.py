"""The fleet as it is: successes, failures and seconds of work of every pod, tick by tick.

Counts are generated ahead, for as long as nobody leaves or joins the traffic; a change of the
route throws the rest away. So a healthy day is generated in one go, and yet the loop is closed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kubervisor.simulation import load
from kubervisor.simulation.faults import effects
from kubervisor.simulation.scenario import Scenario

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LATENCY_CV = 1.0
"""Coefficient of variation of a single request's time: that of an exponential service time."""
MOST_BUSY = 0.97
"""Utilisation at which the queue stops growing: clients give up."""
SLOW_ENOUGH = 1.5
"""A request to a pod that a fault makes this many times slower counts as spoilt."""
FIRST_CHUNK = 256


class World:
    """Counters of `ticks + 1` instants: row t holds what happened before tick t."""

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self.scenario = scenario
        self._rng = rng
        self._load = load.fleet_load(scenario, rng)
        self._shares = load.ErrorShares(scenario, rng)
        self._weights = load.weights(scenario, rng)
        self._effects = effects(scenario) if scenario.faults else None
        self.memory = _memory(scenario, rng)
        if self._effects is not None:
            self.memory += self._effects.leaked
        rows = (scenario.ticks + 1, scenario.pods)
        self.successes, self.failures = np.zeros(rows), np.zeros(rows)
        self.seconds, self.spoilt = np.zeros(rows), np.zeros(rows)
        self.serving: Mask = np.ones(scenario.pods, dtype=bool)
        (self._draws,) = rng.spawn(1)
        self._known, self._chunk = 0, scenario.ticks if not scenario.faults else FIRST_CHUNK
        self._guests = {
            index: (fault.start, int(fault.members(scenario.pods)[0]))
            for index, fault in enumerate(scenario.faults)
            if fault.moves is not None
        }

    def route(self, serving: Mask, tick: int) -> None:
        """From `tick` on exactly these pods get traffic."""
        if np.array_equal(serving, self.serving):
            return
        self.serving = serving.copy()
        self._forget(tick)
        self._move_guests(tick)

    def reach(self, tick: int) -> None:
        """Make the counters known up to `tick`."""
        while self._known < tick:
            last = min(self.scenario.ticks, self._known + self._chunk)
            self._generate(self._known, last)
            self._known, self._chunk = last, 2 * self._chunk

    def replace(self, pod: int, tick: int) -> None:
        """A new pod takes the place of a terminated one: what was wrong with that one is gone."""
        self._forget(tick)
        if self._effects is not None:
            self._effects.errors[tick:, pod] = 0.0
            self._effects.slow[tick:, pod] = 1.0
            self.memory[tick:, pod] -= self._effects.leaked[tick:, pod]

    def _forget(self, tick: int) -> None:
        """What lies after `tick` is drawn anew, from a stream of its own: a run must not depend on
        how far anybody looked ahead.
        """
        self._known, self._chunk = min(self._known, tick), FIRST_CHUNK
        (self._draws,) = self._rng.spawn(1)

    def _generate(self, first: int, last: int) -> None:
        tick, traffic = self.scenario.tick, self.scenario.traffic
        part = self._weights * self.serving
        total = part.sum()
        arriving = self._load[first:last, None] * (part / total if total else part)
        errors, slow = self._faults_between(first, last)
        failing = 1 - (1 - self._shares.between(first, last)) * (1 - errors)
        bad = self._draws.poisson(arriving * tick * failing)
        good = self._draws.poisson(arriving * tick * (1 - failing))
        busy = np.minimum(
            arriving / traffic.rps * traffic.utilisation / 100 * np.maximum(slow, 1), MOST_BUSY
        )
        mean = traffic.latency * slow / (1 - busy)
        # A sum of n times with the mean m and the variance (m cv)^2 is close to this gamma.
        worked = mean * self._draws.standard_gamma((good + bad) / LATENCY_CV**2) * LATENCY_CV**2
        hurt = arriving * tick * np.where(slow >= SLOW_ENOUGH, 1.0, errors)
        for counter, change in (
            (self.successes, good),
            (self.failures, bad),
            (self.seconds, worked),
            (self.spoilt, hurt),
        ):
            counter[first + 1 : last + 1] = counter[first] + np.cumsum(change, axis=0)

    def _faults_between(self, first: int, last: int) -> tuple[Floats, Floats]:
        if self._effects is None:
            return np.zeros((1, 1)), np.ones((1, 1))
        errors, slow = self._effects.errors[first:last], self._effects.slow[first:last]
        if not self._guests:
            return errors, slow
        errors = errors.copy()
        times = np.arange(first, last) * self.scenario.tick
        for index, (since, pod) in self._guests.items():
            fault = self.scenario.faults[index]
            here = (times >= since) & (times < fault.start + fault.duration)
            errors[here, pod] = 1 - (1 - errors[here, pod]) * (1 - fault.error_percent / 100)
        return errors, slow

    def _move_guests(self, tick: int) -> None:
        """A client whose pod left the traffic goes to another one, after a while."""
        now = tick * self.scenario.tick
        for index, (_, pod) in self._guests.items():
            delay = self.scenario.faults[index].moves
            if self.serving[pod] or delay is None or not self.serving.any():
                continue
            others = np.flatnonzero(self.serving)
            start = self.scenario.faults[index].start
            self._guests[index] = (max(start, now + delay), int(self._rng.choice(others)))


def _memory(scenario: Scenario, rng: np.random.Generator) -> Floats:
    memory = scenario.memory
    times = np.arange(scenario.ticks + 1)[:-1, None] * scenario.tick
    phase = rng.random(scenario.pods) * memory.period
    tooth = memory.sawtooth * ((times + phase) % memory.period) / memory.period
    if not math.isclose(memory.noise, 0):
        noise = rng.standard_normal((scenario.ticks, scenario.pods))
        tooth = tooth + memory.base * memory.noise / 100 * noise
    result: Floats = memory.base + tooth
    return result
