"""One fault at a time in a fleet of 20: how long until the outlier is out of traffic, and why.

Each fault begins at a random instant of the evaluation period. Before each, a raw PATCH takes a pod
of a second, unguarded fleet out of traffic, so floor and figure share the machine's mood.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice

from benchmarks.ejections import Ejection, Fault, after_verdict, paired, read_ejections
from benchmarks.figures import Figure, percentile, spread
from benchmarks.floor import PATIENCE, Floor, left_after
from benchmarks.ground import Ground, ground, say
from playground.controller import Controller
from playground.detector import Detector
from playground.fleet import Fleet
from playground.fleet_pod import Pod

SIZE = 20
PERIOD = 1.0
HOLD = 3.0
"""Seconds; with 20 pods in turn, one is back for many periods before it is the outlier again."""


def run(*, quick: bool) -> list[Figure]:
    """The floor, verdict → PATCH acknowledged, verdict → out, fault → out."""
    floor = Floor()
    with ground() as here, _loop(here) as (guarded, detector, controller):
        with Fleet(here.api, "plain", size=SIZE, selects_traffic=True) as plain:
            say("one fault at a time in a fleet of 20")
            rounds = zip(cycle(plain.pods()), cycle(guarded.pods()), strict=False)
            faults = []
            for free, outlier in islice(rounds, 25 if quick else 120):
                floor.sample(plain, free)
                faults.append(_fault(guarded, detector, outlier))
        accounts = read_ejections(controller.lines(), time.time() - time.monotonic())
    return _figures(floor, faults, paired(faults, accounts))


@contextmanager
def _loop(here: Ground) -> Iterator[tuple[Fleet, Detector, Controller]]:
    with (
        Fleet(here.api, "guarded", size=SIZE, selects_traffic=True) as fleet,
        Detector() as detector,
        Controller(here.cluster.kubeconfig) as controller,
    ):
        breaker = {"evaluationPeriod": PERIOD, "customService": detector.address}
        here.guard("guarded", breaker, hold=HOLD)
        here.wait_guarded("guarded")
        yield fleet, detector, controller


def _fault(fleet: Fleet, detector: Detector, pod: Pod) -> Fault:
    fleet.wait(lambda f: pod.name in f.in_slices(), PATIENCE, f"{pod.name} gets traffic")
    time.sleep(random.uniform(0, PERIOD))
    began = time.monotonic()
    detector.outliers(pod)
    out = left_after(fleet, pod, began)
    detector.outliers()
    return Fault(pod.name, began, out)


def _figures(
    floor: Floor, faults: list[Fault], pairs: list[tuple[Fault, Ejection]]
) -> list[Figure]:
    # Nobody who looks once a period sees a fault earlier than this on average, or at worst.
    looked = [PERIOD * (rank + 0.5) / len(floor.left) for rank in range(len(floor.left))]
    soonest = [wait + percentile(floor.left, 50) for wait in looked]
    return [
        *after_verdict(floor, pairs, acknowledged=0.1),
        *spread("fault → out", [f.out for f in faults], floors=soonest, p50=0.75, p99=1.3),
    ]
