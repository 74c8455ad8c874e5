"""What a controller says of itself over a time: its processor, its counters, its histograms."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Self
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.process import cpu_seconds
from playground.controller import Controller

__all__ = ["ASKED", "JUDGED", "LATENESS", "IdleLoop", "Spell", "guarded", "measured"]

JUDGED = 'kubervisor_evaluations_total{outcome="judged"}'
ASKED = 'kubervisor_source_requests_total{outcome="Answered"}'
LATENESS = "kubervisor_step_lateness_seconds"

IDLE = """
import sys, time
late, due = [], time.monotonic()
end = due + float(sys.argv[1])
while due < end:
    due += 0.01
    time.sleep(max(0.0, due - time.monotonic()))
    late.append(time.monotonic() - due)
    due = max(due, time.monotonic() - 0.01)
late.sort()
print(late[len(late) * 99 // 100])
"""


def measured(source: str) -> int:
    """How many pods the Prometheus at HOST:PORT has two samples of at least."""
    query = "count(sum by (namespace, pod) (increase(http_requests_total[60s])))"
    asked = urlencode({"query": query})
    with urlopen(f"http://{source}/api/v1/query?{asked}", timeout=10) as answer:
        found = json.load(answer)["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


def guarded(controller: Controller) -> float:
    """How many Services have been evaluated at least once, with data; never too many.

    Every evaluation but a Service's first tells how late it began, before it judges.
    """
    counts = _samples(controller, "kubervisor_evaluations_total", f"{LATENESS}_count")
    return counts.get(JUDGED, 0.0) - counts.get(f"{LATENESS}_count", 0.0)


class IdleLoop:
    """The floor of lateness: a process that does nothing but wake 100 times a second."""

    def __init__(self, seconds: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", IDLE, str(seconds)], stdout=subprocess.PIPE, text=True
        )

    def lateness(self) -> float:
        """Wait for its end; how late it woke, p99 in seconds."""
        said, _ = self._process.communicate()
        return float(said)


class Spell:
    """The time that a `with` takes, and what the controller did in it."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.seconds = self.cores = 0.0

    def __enter__(self) -> Self:
        # The page is read outside of what is measured: with thousands of series it costs something.
        self._before = _samples(self._controller)
        self._began, self._used = time.monotonic(), cpu_seconds(self._controller.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began
        self.cores = (cpu_seconds(self._controller.pid) - self._used) / self.seconds
        self._after = _samples(self._controller)

    def grown(self, sample: str) -> float:
        """By how much a counter grew."""
        return self._after.get(sample, 0.0) - self._before.get(sample, 0.0)

    def percentile(self, histogram: str, percent: float) -> float:
        """A percentile of a histogram's new values, as Prometheus reckons it: evenly spread within
        a bucket. 0 without values.
        """
        head = f'{histogram}_bucket{{le="'
        bounds = [name[len(head) : -2] for name in self._after if name.startswith(head)]
        wanted = self.grown(f'{head}+Inf"}}') * percent / 100
        low = below = 0.0
        for bound in sorted(map(float, bounds)):
            here = self.grown(f'{head}{"+Inf" if bound == float("inf") else bound}"}}')
            if here >= wanted and bound < float("inf"):
                return low + (bound - low) * (wanted - below) / (here - below or 1)
            low, below = bound, here
        return low


def _samples(controller: Controller, *names: str) -> dict[str, float]:
    """The samples of the page of metrics, of these names where some are given: it is read often,
    and whole it has thousands.
    """
    asked = "&".join(f"name[]={name}" for name in names)
    lines = controller.page(f"/metrics?{asked}").splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}
