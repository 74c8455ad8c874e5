"""Which steps could show a trend that crosses its bound soon: the detector's own first look, for
many steps at once.
"""

from __future__ import annotations

import numpy as np

from kubervisor.simulation.quiet import Mask, Suspects
from kubervisor.simulation.scraping import Scraper, Ticks
from kubervisor.simulation.world import World
from kubervisor.traffic.detector_policy import TrendPolicy
from kubervisor.traffic.detectors.trend import GENEROUS

DOUBT = 1.05
"""The screen takes slopes for so much steeper than the detector's first look does."""


def trend_suspects(world: World, scraper: Scraper, policy: TrendPolicy) -> Suspects | None:
    """None for anything but a rising bound on memory that is scraped at every tick."""
    if policy.above is None or scraper.every > 1:
        return None
    query, tick, bound = policy.queries[0], world.scenario.tick, policy.above
    apart = max(1, round(query.step / tick))
    points = max(3, round(query.window / tick) // apart)
    back = apart * np.arange(points - 1, -1, -1)
    third = points // 3
    seconds = tick * float(np.median(back[:third]) - np.median(back[-third:]))

    def suspects(ticks: Ticks, serving: Mask) -> Mask:
        # Before the window is full the detector does not judge.
        rows = np.clip(ticks[:, None] - back, 0, len(world.memory) - 1)
        memory = world.memory[:, serving][rows]
        rise = np.median(memory[:, -third:], axis=1) - np.median(memory[:, :third], axis=1)
        ahead = DOUBT * GENEROUS * policy.horizon * np.maximum(rise / seconds, 0)
        found: Mask = np.any(memory.max(axis=1) + ahead >= bound, axis=1)
        return found

    return suspects
