"""What a fleet would serve with nobody out and nothing wrong: load over time, and how pods differ.

Drawn once for a run, before any decision: two deciders with one seed face the same day.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import betaincinv, ndtr

from kubervisor.simulation.scenario import Scenario, Traffic

Floats = NDArray[np.float64]

BURST_MEMORY = 30.0
"""Seconds after which a burst has lost most of its force."""
DRIFT_STEP = 300.0
"""Seconds for which a pod's own share of errors stays what it is."""
DRIFT_MEMORY = 1800.0
"""Seconds after which little is left of it: clients, shards and neighbours change."""
DAY = 86_400.0


def fleet_load(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """Requests a second of the whole fleet, one for each tick.

    The day's swing times a burst: a first-order autoregression of the logarithm, so the load is
    always positive and doubles as easily as it halves. Its mean is `rps` times the pods.
    """
    traffic = scenario.traffic
    times = np.arange(scenario.ticks) * scenario.tick
    swing = 1 + traffic.diurnal * np.sin(2 * math.pi * (times / DAY + rng.random()))
    wave = autoregression(scenario.ticks, math.exp(-scenario.tick / BURST_MEMORY), rng)
    burst = np.exp(traffic.burst * wave[:, 0] - traffic.burst**2 / 2)
    result: Floats = traffic.rps * scenario.pods * swing * burst
    return result


def autoregression(
    steps: int, keep: float, rng: np.random.Generator, *, columns: int = 1
) -> Floats:
    """Standard normal numbers [steps x columns], each correlated with the one before by `keep`."""
    noise = rng.standard_normal((steps, columns))
    noise[1:] *= math.sqrt(1 - keep * keep)
    result: Floats = lfilter([1.0], [1.0, -keep], noise, axis=0)
    return result


class ErrorShares:
    """Each pod's own share of failing requests, which drifts.

    Beta with the mean `error_percent` and the coefficient of variation `error_cv` at every
    instant: more varied than one binomial for all, as real pods are.
    """

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self._tick = scenario.tick
        knots = math.ceil(scenario.duration / DRIFT_STEP) + 1
        # A phase of its own, or all pods would change at once.
        self._phase = rng.integers(0, max(1, int(DRIFT_STEP / scenario.tick)), scenario.pods)
        keep = math.exp(-DRIFT_STEP / DRIFT_MEMORY)
        normal = autoregression(knots + 1, keep, rng, columns=scenario.pods)
        self._at_knots = _as_shares(normal, scenario.traffic)

    def between(self, first: int, last: int) -> Floats:
        """The shares [ticks x pods] at the ticks from `first` to before `last`."""
        per_knot = max(1, int(DRIFT_STEP / self._tick))
        knots = (np.arange(first, last)[:, None] + self._phase) // per_knot
        result: Floats = np.take_along_axis(self._at_knots, knots, axis=0)
        return result


def _as_shares(normal: Floats, traffic: Traffic) -> Floats:
    mean = traffic.error_percent / 100
    if not mean or not traffic.error_cv:
        return np.full_like(normal, mean)
    # Beta(a, b) has mean m = a / (a + b) and variance m (1 - m) / (a + b + 1).
    strength = (1 - mean) / (mean * traffic.error_cv**2) - 1
    if strength <= 0:
        raise ValueError(
            f"errorCv {traffic.error_cv:g} is more than shares around "
            f"{traffic.error_percent:g} % can vary"
        )
    result: Floats = betaincinv(mean * strength, (1 - mean) * strength, ndtr(normal))
    return result


def weights(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """Each pod's part of the load relative to an even one; 1 everywhere without `weight_cv`."""
    cv = scenario.traffic.weight_cv
    if not cv:
        return np.ones(scenario.pods)
    drawn = rng.gamma(1 / cv**2, cv**2, scenario.pods)
    result: Floats = drawn / drawn.mean()
    return result
