"""A second screen for `ratio`: the detector's own test, on counts alone.

Of healthy steps that the first screen suspects, hardly any passes; building a whole measurement for
each of them would take most of a day's time.
"""

from __future__ import annotations

import numpy as np

from kubervisor.simulation.quiet import Mask
from kubervisor.simulation.scraping import Floats, Scraper, Ticks
from kubervisor.simulation.world import World
from kubervisor.traffic.detector_policy import RatioPolicy
from kubervisor.traffic.detectors.core import grow_core
from kubervisor.traffic.detectors.counts import Count
from kubervisor.traffic.detectors.ratio import part_of
from kubervisor.traffic.detectors.ratio_looks import LOOKS
from kubervisor.traffic.detectors.screening import SMALLEST_GROUP

DOUBT = 1.01
"""Another order of sums may round; the screen is that much more suspicious."""


def likely_outliers(
    world: World,
    scraper: Scraper,
    policy: RatioPolicy,
    ticks: Ticks,
    serving: Mask,
    groups: list[Mask],
) -> Mask:
    """In which of the steps at `ticks` a pod passes the test in the window or a last part of it;
    all of them where the test on these counts would not be the detector's.
    """
    peers = [group & serving for group in groups if (group & serving).any()]
    small = any(group.sum() < SMALLEST_GROUP for group in peers)
    if small or not all(query.raw for query in policy.queries):
        return np.ones(len(ticks), dtype=bool)
    window = max(query.window for query in policy.queries) / world.scenario.tick
    found = np.zeros(len(ticks), dtype=bool)
    # A last part begins with the sample at its very start, the window after it.
    for span in (round(part * window) + (part < 1) for part, _ in LOOKS):
        bad = scraper.increments(world.failures, ticks, span)
        events = bad + scraper.increments(world.successes, ticks, span)
        for group in peers:
            found |= _passing(bad[:, group], events[:, group], policy)
    return found


def _passing(bad: Floats, events: Floats, policy: RatioPolicy) -> Mask:
    found = np.zeros(len(bad), dtype=bool)
    for step, (failures, requests) in enumerate(zip(bad.tolist(), events.tolist(), strict=True)):
        pods = [
            Count(*count)
            for count in zip(failures, requests, strict=True)
            if count[1] >= policy.minimum_activity
        ]
        if pods:
            core, apart = grow_core(pods, minimum_effect=policy.minimum_effect)
            likely = DOUBT * part_of(policy.alpha, len(pods))
            found[step] = any(core.chance(pods[index]) <= likely for index in apart)
    return found
