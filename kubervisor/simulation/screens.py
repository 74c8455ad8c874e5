"""What a breaker's detector could suspect, for many steps at once: a necessary condition, cheaply.

None stands for a detector, or a scenario, for which there is none: every step is then looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kubervisor.simulation.answers import LATENCY_SUM, MEMORY
from kubervisor.simulation.quiet import Mask, QuietSteps, Suspects
from kubervisor.simulation.ratio_screen import likely_outliers
from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.scraping import Floats, Scraper, Ticks
from kubervisor.simulation.trend_screen import trend_suspects
from kubervisor.simulation.world import World
from kubervisor.traffic.detector_policy import (
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    NoData,
    RatioPolicy,
    TrendPolicy,
    WithoutQueries,
)
from kubervisor.traffic.detectors.screening import deviation_suspects, ratio_suspects
from kubervisor.traffic.policy import BreakerPolicy

ROUNDING = 0.99
"""Screens are this much more suspicious than detectors: another order of sums may round."""

_Test = Callable[[Floats, Floats, Floats], Mask]
"""Of failures, successes and seconds of work [steps x peers]: the steps with a suspect."""


def quiet_steps(
    world: World, scraper: Scraper, breaker: BreakerPolicy, peer_group: str | None, *, first: int
) -> QuietSteps:
    """The steps of `breaker` in this world, the first at tick `first`."""
    scenario, tick = world.scenario, world.scenario.tick
    period = max(1, round(breaker.period / tick))
    window = round(_window(breaker.detector) / tick)
    # One more than m-of-n counts: the step after an outlier's says since when the pod is fine.
    memory = breaker.matches.of + 1
    probation = round(breaker.activator.probation / tick)
    suspects = None
    if not any(fault.is_of_measurement for fault in scenario.faults):
        groups = _groups(scenario, peer_group)
        suspects = _suspects(world, scraper, breaker.detector, window, groups)
    return QuietSteps(
        scenario,
        suspects,
        first=first,
        period=period,
        unsettled=window + (memory + 1) * period + probation,
        memory=memory,
    )


def _window(detector: DetectorPolicy) -> float:
    if isinstance(detector, WithoutQueries):
        return 0.0
    return max(query.window for query in detector.queries)


def _groups(scenario: Scenario, peer_group: str | None) -> list[Mask]:
    new = np.isin(np.arange(scenario.pods), scenario.new)
    everybody = np.ones(scenario.pods, dtype=bool)
    return [everybody] if peer_group is None or not new.any() else [new, ~new]


def _suspects(
    world: World, scraper: Scraper, detector: DetectorPolicy, window: int, groups: list[Mask]
) -> Suspects | None:
    if isinstance(detector, TrendPolicy) and detector.queries[0].promql == MEMORY:
        return trend_suspects(world, scraper, detector)
    test = _test(detector)
    if test is None:
        return None

    def suspects(ticks: Ticks, serving: Mask) -> Mask:
        world.reach(int(ticks[-1]))
        counts = [
            scraper.increments(counter, ticks, window)
            for counter in (world.failures, world.successes, world.seconds)
        ]
        found: Mask = np.zeros(len(ticks), dtype=bool)
        for group in groups:
            peers = group & serving
            if peers.any():
                found |= test(*(grown[:, peers] for grown in counts))
        if isinstance(detector, RatioPolicy):
            steps = np.flatnonzero(found)
            found[steps] = likely_outliers(world, scraper, detector, ticks[steps], serving, groups)
        return found

    return suspects


def _test(detector: DetectorPolicy) -> _Test | None:
    match detector:
        case RatioPolicy(no_data=NoData.IGNORE):
            return lambda bad, good, _: ratio_suspects(bad, bad + good, detector)
        case DeviationPolicy(no_data=NoData.IGNORE) if LATENCY_SUM in detector.queries[0].promql:
            return lambda bad, good, work: deviation_suspects(
                _latencies(work, bad + good), detector
            )
        case DiscretePolicy():
            return lambda bad, good, _: _too_many(bad, good, detector)
        case _:
            return None


def _too_many(bad: Floats, good: Floats, policy: DiscretePolicy) -> Mask:
    """Steps in which a pod's share of failures exceeds the tolerance."""
    tolerated = ROUNDING * policy.tolerance_percent / 100
    found: Mask = np.any(bad > tolerated * np.maximum(bad + good, 1), axis=1)
    return found


def _latencies(work: Floats, done: Floats) -> Floats:
    """Mean seconds of a request; not a number where a pod served none."""
    return np.divide(work, done, out=np.full_like(work, np.nan), where=done > 0)
