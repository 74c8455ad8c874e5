"""Ten Services get an outlier each at the same instant: how long until the last one is out."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from benchmarks.figures import Figure
from benchmarks.floor import PATIENCE, Floor, left_after
from benchmarks.ground import ground, say
from playground.controller import Controller
from playground.detector import Detector
from playground.fleet import Fleet

COUNT, SIZE = 10, 5
PERIOD = 1.0
WITHIN = 1.5 * PERIOD
REST = 3.0
"""Seconds of every round for the process to earn its right to ten more ejections."""


def run(*, quick: bool) -> list[Figure]:
    """The last of ten outliers out in the worst round; how many were not within 1.5 periods."""
    with ground() as here, ExitStack() as stack:
        say(f"{COUNT} Services get an outlier each at the same instant")
        api = here.api
        fleets = [
            stack.enter_context(Fleet(api, f"shop-{i}", size=SIZE, selects_traffic=True))
            for i in range(COUNT)
        ]
        floor = _raw(fleets)
        detectors = [stack.enter_context(Detector()) for _ in fleets]
        stack.enter_context(Controller(here.cluster.kubeconfig))
        for fleet, detector in zip(fleets, detectors, strict=True):
            breaker = {"evaluationPeriod": PERIOD, "customService": detector.address}
            here.guard(fleet.name, breaker, hold=1)
        for fleet in fleets:
            here.wait_guarded(fleet.name)
        rounds = [_round(fleets, detectors, turn) for turn in range(3 if quick else 20)]
    late = sum(out > WITHIN for outs in rounds for out in outs)
    worst = 1000 * max(map(max, rounds))
    return [
        Figure(
            f"{COUNT} Services: the last outlier out, worst round",
            *(worst, "ms", 1000 * max(floor), 1000 * WITHIN, len(rounds)),
        ),
        Figure(
            f"{COUNT} Services: outliers not out within 1.5 periods",
            *(late, "", None, 0, COUNT * len(rounds)),
        ),
    ]


def _round(fleets: Sequence[Fleet], detectors: Sequence[Detector], turn: int) -> list[float]:
    """Seconds until each outlier was out."""
    outliers = [fleet.serving()[turn % SIZE] for fleet in fleets]
    began = time.monotonic()
    for detector, pod in zip(detectors, outliers, strict=True):
        detector.outliers(pod)
    outs = [left_after(fleet, pod, began) for fleet, pod in zip(fleets, outliers, strict=True)]
    for detector in detectors:
        detector.outliers()
    for fleet in fleets:
        fleet.wait(lambda f: len(f.in_slices()) == SIZE, PATIENCE, "all pods get traffic")
    time.sleep(REST + random.uniform(0, PERIOD))
    return outs


def _raw(fleets: Sequence[Fleet]) -> list[float]:
    """Ten raw PATCHes at once: seconds until each pod was out."""

    def sample(fleet: Fleet) -> float:
        floor = Floor()
        floor.sample(fleet, fleet.serving()[0])
        return floor.left[0]

    with ThreadPoolExecutor(len(fleets)) as threads:
        return list(threads.map(sample, fleets))
