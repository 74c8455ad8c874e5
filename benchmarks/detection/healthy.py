"""Days on which nothing is wrong: how often is somebody ejected all the same?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.detection.contest import Seeds
from benchmarks.detection.measures import Rate, false_ejections
from benchmarks.detection.shapes import healthy
from kubervisor.simulation.loop import Hire, run
from kubervisor.simulation.scenario import Traffic


@dataclass(frozen=True, slots=True)
class Days:
    """One kind of healthy day; `part` of the days is enough where hardly anything is ejected."""

    pods: int
    error_percent: float
    error_cv: float
    rps: float = 20.0
    scrape: float = 5.0
    part: float = 1.0

    @property
    def name(self) -> str:
        """What sets it apart."""
        parts = [f"{self.pods} pods", f"base {self.error_percent:g} %", f"CV {self.error_cv:g}"]
        parts += [f"{self.rps:g} rps"] if self.rps != 20 else []
        parts += [f"{self.scrape:g} s scrape"] if self.scrape != 5 else []
        return ", ".join(parts)


BARRED = (
    Days(3, 1.0, 0.5),
    Days(10, 1.0, 0.5),
    Days(50, 1.0, 0.5, part=0.5),
    Days(10, 0.1, 0.5, part=0.25),
    Days(10, 1.0, 0.0, part=0.25),
)
"""Days for which the figure holds."""

SHOWN = (
    Days(10, 1.0, 0.5, rps=0.5),
    Days(10, 3.0, 0.5),
    Days(10, 5.0, 0.5),
    Days(10, 1.0, 1.0),
    Days(10, 3.0, 1.0),
    Days(10, 1.0, 0.5, scrape=15.0),
    Days(10, 1.0, 0.5, scrape=30.0),
)
"""Days that are reported without a bar."""


def measure(days: Days, hire: Hire, pod_days: float, seeds: Seeds) -> Rate:
    """False ejections in `pod_days` or a little more, a day at a time."""
    scenario = healthy(
        days.pods,
        scrape=days.scrape,
        traffic=Traffic(rps=days.rps, error_percent=days.error_percent, error_cv=days.error_cv),
    )
    runs = math.ceil(days.part * pod_days / days.pods)
    return false_ejections(
        [run(scenario, hire, seed=seed) for seed in seeds.of(f"healthy {days.name}", runs)]
    )
