"""What every pod of the playground does: answers requests by its fault, counts them, shows metrics.

Pods have no processes under kwok. A `Workload` plays them all: a pod is added when it runs, and
everything known of it, counters and fault, goes when it is removed, as with a real process.
"""

from __future__ import annotations

import random
import threading
import time
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum

from playground.faults import HEALTHY, Fault

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the latency histogram, seconds: those of the Prometheus client libraries."""

TYPICAL_LATENCY = 0.02
"""Median latency of a healthy pod, seconds; single requests spread log-normally around it."""

RESTING_MEMORY = 64 * 2**20
"""Bytes that a pod without a leak shows."""


class NoAnswer(Enum):
    """Why a request to a pod gets no status code."""

    HANGS = "hang"
    NO_SUCH_POD = "no-pod"


@dataclass(frozen=True, slots=True, order=True)
class PodName:
    """The namespace and name of a pod."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class Process:
    """One pod's process: its fault and what its metrics page counts, from 0."""

    __slots__ = (
        "_buckets",
        "_codes",
        "_dice",
        "_fault",
        "_latency_sum",
        "_leaked",
        "_since",
        "uid",
    )

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self._dice = random.Random(uid)
        self._fault = HEALTHY
        self._codes = {200: 0}
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._latency_sum = 0.0
        self._leaked = 0.0
        self._since = time.monotonic()

    @property
    def fault(self) -> Fault:
        """How the pod misbehaves now."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        now = time.monotonic()
        # What has leaked stays leaked when the fault ends.
        self._leaked += self._fault.leak * (now - self._since)
        self._since, self._fault = now, fault

    def handle(self) -> int | NoAnswer:
        """Answer one request: its status code, or HANGS."""
        if self._fault.hang:
            return NoAnswer.HANGS
        code = self._fault.code if self._dice.random() < self._fault.errors else 200
        latency = TYPICAL_LATENCY * self._fault.slow * self._dice.lognormvariate(0.0, 0.3)
        self._codes[code] = self._codes.get(code, 0) + 1
        self._buckets[bisect_left(BUCKETS, latency)] += 1
        self._latency_sum += latency
        return code

    def memory(self) -> float:
        """Resident bytes."""
        return RESTING_MEMORY + self._leaked + self._fault.leak * (time.monotonic() - self._since)

    def request_lines(self, labels: str) -> Iterable[str]:
        """Samples of `http_requests_total`; `labels` is empty or ends with a comma."""
        for code, count in self._codes.items():
            yield f'http_requests_total{{{labels}code="{code}"}} {count}'

    def latency_lines(self, labels: str) -> Iterable[str]:
        """Samples of the histogram; its buckets are cumulative."""
        count = 0
        for bound, here in zip((*BUCKETS, "+Inf"), self._buckets, strict=True):
            count += here
            yield f'http_request_duration_seconds_bucket{{{labels}le="{bound}"}} {count}'
        plain = f"{{{labels.rstrip(',')}}}"
        yield f"http_request_duration_seconds_sum{plain} {self._latency_sum:.6f}"
        yield f"http_request_duration_seconds_count{plain} {count}"

    def memory_lines(self, labels: str) -> Iterable[str]:
        """The gauge that a leak moves."""
        yield f"process_resident_memory_bytes{{{labels.rstrip(',')}}} {self.memory():.0f}"


_FAMILIES = (
    ("http_requests_total", "counter", Process.request_lines),
    ("http_request_duration_seconds", "histogram", Process.latency_lines),
    ("process_resident_memory_bytes", "gauge", Process.memory_lines),
)


class Workload:
    """All pods that run. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._running: dict[PodName, Process] = {}
        self._addresses: dict[str, PodName] = {}

    def add(self, pod: PodName, uid: str = "", address: str = "", fault: Fault = HEALTHY) -> None:
        """The pod runs, at that IP address. Already known under this uid: it goes on; under
        another: a new pod, which misbehaves so from the beginning.
        """
        with self._lock:
            if address:
                self._addresses[address] = pod
            known = self._running.get(pod)
            if known is None or known.uid != uid:
                self._running[pod] = process = Process(uid)
                process.fault = fault
                self._lock.notify_all()

    def remove(self, pod: PodName, uid: str) -> None:
        """The pod is gone, with its counters and its fault; one that has its name since is not."""
        with self._lock:
            known = self._running.get(pod)
            if known is None or known.uid != uid:
                return
            del self._running[pod]
            self._addresses = {at: of for at, of in self._addresses.items() if of != pod}

    def at(self, address: str) -> PodName | None:
        """The pod that runs at that IP address; None where none does."""
        with self._lock:
            return self._addresses.get(address)

    def wait(self, pods: Collection[PodName], timeout: float = 30.0) -> None:
        """Return once all these pods run here: a pod may be in the EndpointSlices a moment sooner.

        Raises TimeoutError, naming those that do not, after `timeout` seconds.
        """
        with self._lock:
            if not self._lock.wait_for(lambda: self._running.keys() >= set(pods), timeout):
                missing = ", ".join(map(str, sorted(set(pods) - self._running.keys())))
                raise TimeoutError(f"not in the workload after {timeout} s: {missing}")

    def pods(self) -> list[PodName]:
        """The pods that run, in order of namespace and name."""
        with self._lock:
            return sorted(self._running)

    def set_fault(self, pod: PodName, fault: Fault) -> None:
        """Let the pod misbehave from now on. KeyError when no such pod runs."""
        with self._lock:
            self._running[pod].fault = fault

    def handle(self, pod: PodName) -> int | NoAnswer:
        """Send one request to the pod: its status code, or why there is none."""
        with self._lock:
            process = self._running.get(pod)
            return NoAnswer.NO_SUCH_POD if process is None else process.handle()

    def metrics(self, pod: PodName) -> str | None:
        """The pod's own metrics page, without pod labels; None while it has none (`no_metrics`).

        KeyError when no such pod runs.
        """
        with self._lock:
            process = self._running[pod]
            return None if process.fault.no_metrics else _page([("", process)])

    def aggregate(self, shard: int, of: int) -> str:
        """One page for every `of`-th pod, each sample with its own pod and namespace label.

        A pod has its page by name, so pods that come and go do not move the others.
        """
        with self._lock:
            return _page(
                [
                    (f'namespace="{pod.namespace}",pod="{pod.name}",', process)
                    for pod, process in self._running.items()
                    if _place(pod, of) == shard and not process.fault.no_metrics
                ]
            )


def _place(pod: PodName, of: int) -> int:
    # Not hash(): that of a string differs from run to run.
    return zlib.crc32(f"{pod}".encode()) % of


def _page(processes: list[tuple[str, Process]]) -> str:
    lines: list[str] = []
    for name, kind, samples in _FAMILIES:
        lines.append(f"# TYPE {name} {kind}")
        for labels, process in processes:
            lines.extend(samples(process, labels))
    lines.append("")
    return "\n".join(lines)
