"""What one run on the stub gives, and how it is read off the controller's own metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import urlopen

from playground.controller import Controller

LATENESS = "kubervisor_step_lateness_seconds_bucket"
JUDGED = 'kubervisor_evaluations_total{outcome="judged"}'
PATIENCE = 120.0
"""Seconds until a controller that has not evaluated all, or not told all, counts as collapsed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. Memory in MB (10^6 bytes), times in seconds, `core` in parts of one core.

    `imports_mb` is the floor of memory. `listed` is the longer LIST of pods, decoding included,
    `floor_listed` what reading the same pages without decoding takes, `per_event` the seconds of
    processor time for which a reader who decodes nothing gets an event. `started` is from the start
    of the process to the last KubervisorService that says Ready, `evaluated` from the first
    evaluation to as many as there are Services. Of the steady state: `late` has p50 and p99 of how
    late evaluations began, `floor_late` those of a loop that does nothing, `events` how many a
    second came in, `stub_core` what the stub used, `scraped` how long its page of metrics took.
    `problem` says why the run could not be ended; memory is what it had come to by then.
    """

    services: int
    pods: int
    imports_mb: float
    memory_mb: float = 0.0
    peak_mb: float = 0.0
    core: float = 0.0
    listed: float = 0.0
    floor_listed: float = 0.0
    per_event: float = 0.0
    started: float = 0.0
    evaluated: float = 0.0
    late: tuple[float, float] = (0.0, 0.0)
    floor_late: tuple[float, float] = (0.0, 0.0)
    evaluations: float = 0.0
    queries: float = 0.0
    writes: float = 0.0
    events: float = 0.0
    stub_core: float = 0.0
    threads: int = 0
    scraped: float = 0.0
    problem: str = ""

    @property
    def shape(self) -> str:
        """As the rows of the table name it."""
        return f"{self.services} of {self.pods // self.services}"


def samples(controller: Controller, *names: str) -> dict[str, float]:
    """The samples of these names on the controller's page of metrics, which makes no others."""
    asked = "&".join(f"name[]={name}" for name in names)
    with urlopen(f"http://{controller.address}/metrics?{asked}", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def quantile(buckets: Mapping[float, float], share: float) -> float:
    """The value that `share` of a histogram's observations do not exceed.

    `buckets` has how many are at most as large as each bound. Within a bucket the observations are
    taken to be spread evenly, as Prometheus's `histogram_quantile` does; the highest finite bound
    where they are beyond it, 0 where there are none.

    >>> quantile({1.0: 50, 2.0: 100}, 0.75)
    1.5
    """
    rank = share * max(buckets.values(), default=0)
    below, bound_below = 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if rank and count >= rank:
            if bound == float("inf"):
                return bound_below
            return bound_below + (bound - bound_below) * (rank - below) / (count - below)
        below, bound_below = count, bound
    return 0.0


def lateness(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[float, float]:
    """p50 and p99 of the evaluations between two readings of `LATENESS`, in seconds."""
    buckets = {
        float(name.partition('le="')[2].partition('"')[0]): count - before.get(name, 0.0)
        for name, count in after.items()
        if name.startswith(LATENESS)
    }
    return quantile(buckets, 0.5), quantile(buckets, 0.99)
