"""From a pod that begins to fail half of its requests to an EndpointSlice without it.

The whole loop: 10 pods serve 20 requests a second each, a real Prometheus scrapes them (or the
controller reads their pages itself), `ratio` judges each second, the controller relabels, a real
endpoint controller takes the pod out. Faults begin at any instant between two scrapes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from benchmarks.figures import Figure, percentile
from benchmarks.ground import Ground, ground, say
from playground.controller import Controller
from playground.discovery import Discovery
from playground.faults import HEALTHY, Fault
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_manifests import PORT
from playground.load import Load
from playground.load_senders import DirectSender
from playground.prometheus import Prometheus
from playground.workload import Workload
from playground.workload_server import WorkloadServer

SIZE, RATE = 10, 20
PERIOD = 1.0
HOLD = 3.0
HALF_FAILS = Fault(errors=0.5, code=503)
PATIENCE = 60.0
REST = 3.0
"""Windows between two faults of a fleet: one that follows sooner is taken for one that moves."""


@dataclass(frozen=True, slots=True)
class Case:
    """One way to measure: seconds between samples, the window, and the most that p50 and p95 may
    take. In `need` of 2 * `need` - 1 steps a pod is to be an outlier. `fleets` have a fault each in
    a round, so that many are measured at the same time.
    """

    title: str
    interval: float
    window: float
    fleets: int
    rounds: int
    p50: float | None
    p95: float | None
    direct: bool = False
    need: int = 2


CASES = (
    Case("Prometheus, 15 s scrape, 60 s window", 15.0, 60.0, 20, 1, None, 25.0),
    Case("Prometheus, 5 s scrape, 20 s window", 5.0, 20.0, 20, 1, 7.0, 11.0),
    Case("Prometheus, 1 s scrape, 5 s window", 1.0, 5.0, 10, 2, None, 4.0),
    Case("own pages, 1 s, 5 s window", 1.0, 5.0, 10, 2, None, None, direct=True),
    Case("own pages, 1 s, 5 s window, 1 of 1 steps", 1.0, 5.0, 10, 2, None, 2.5, True, need=1),
    Case("own pages, 0.5 s, 3 s window", 0.5, 3.0, 10, 2, None, 2.5, direct=True),
)


def run(*, quick: bool) -> list[Figure]:
    """Fault → out, p50 and p95, for each way to measure."""
    figures: list[Figure] = []
    workload = Workload()
    with (
        ground() as here,
        WorkloadServer(workload) as server,
        Discovery(here.api, workload, "default"),
        Controller(here.cluster.kubeconfig, env={"KUBERVISOR_SCRAPE_PROXY": server.address}),
    ):
        for case in CASES:
            case = replace(case, fleets=5, rounds=1) if quick else case  # noqa: PLW2901
            say(f"{case.title}: {case.fleets} fleets, rounds: {case.rounds}")
            with _source(here, server, case) as source:
                outs = _measure(here, workload, case, source)
            figures += _figures(case, outs)
    return figures


@contextmanager
def _source(here: Ground, server: WorkloadServer, case: Case) -> Iterator[Json]:
    """What the breakers measure with, as their spec says it."""
    if case.direct:
        yield {"scrape": {"port": PORT, "interval": f"{case.interval:g}s"}}
        return
    programs, interval = here.cluster.binaries, case.interval
    with Prometheus(programs, server.address, scrape_interval=interval) as prometheus:
        yield {"prometheusService": prometheus.address}


def _measure(here: Ground, workload: Workload, case: Case, source: Json) -> list[float]:
    with ExitStack() as stack:
        names = [f"loop-{number}" for number in range(case.fleets)]
        fleets = [
            stack.enter_context(Fleet(here.api, name, size=SIZE, selects_traffic=True))
            for name in names
        ]
        sender = DirectSender(workload)
        for fleet in fleets:
            stack.enter_context(Load(fleet.members, sender, SIZE * RATE))
            here.guard(fleet.name, _breaker(case, source, fleet.name), hold=HOLD)
            stack.callback(here.unguard, fleet.name)
        for fleet in fleets:
            here.wait_guarded(fleet.name)
        time.sleep(1.2 * case.window + case.interval)
        threads = stack.enter_context(ThreadPoolExecutor(case.fleets))
        trials = threads.map(lambda fleet: _trials(workload, case, fleet), fleets)
        return [out for outs in trials for out in outs]


def _breaker(case: Case, source: Json, fleet: str) -> Json:
    # Each asks for its own pods, so that none is served with what another has just been told.
    pods = "" if case.direct else f'{{pod=~"{fleet}-.*"}}'
    ratio = {
        **source,
        "promQL": f"http_requests_total{pods}",
        "codeLabel": "code",
        "badCodes": "5..",
        "window": f"{case.window:g}s",
        "warmUp": "0s",
        "matches": {"need": case.need, "of": 2 * case.need - 1},
    }
    return {"evaluationPeriod": min(PERIOD, case.interval), "ratio": ratio}


def _trials(workload: Workload, case: Case, fleet: Fleet) -> list[float]:
    """Seconds from the begin of each fault until the EndpointSlices were without the pod."""
    outs: list[float] = []
    for outlier in random.sample(fleet.pods(), case.rounds):
        if outs:
            time.sleep(REST * case.window)
        time.sleep(random.uniform(0, case.interval))
        began = time.monotonic()
        workload.set_fault(outlier.id, HALF_FAILS)
        passage = fleet.members.wait(outlier.id, entered=False, since=began, timeout=PATIENCE)
        outs.append(passage.at - began)
        workload.set_fault(outlier.id, HEALTHY)
    return outs


def _figures(case: Case, outs: Sequence[float]) -> list[Figure]:
    return [
        Figure(
            f"half fails → out: {case.title}, p{percent}",
            percentile(outs, percent),
            "s",
            target=target,
            samples=len(outs),
        )
        for percent, target in ((50, case.p50), (95, case.p95))
    ]
