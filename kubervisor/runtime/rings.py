"""Short rings of what the pods' own pages show: the memory that a Prometheus would be.

One breaker's. A ring is one series of one pod, with the labels that Prometheus would give it, so a
detector cannot tell which of the two it is given.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.sources.exposition import read_labels
from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import Pod, PodUid
from kubervisor.traffic.promql import Selector, parse_selector

MOST_POINTS = 2000
"""Samples kept of one series; those of a longer window are kept further apart."""
FRESH_ROUNDS = 3
"""Intervals for which a sample is a pod's value: one or two pages may be missed."""


@dataclass(slots=True)
class _Ring:
    """One series of one pod; `queries` are the numbers of the queries that select it."""

    labels: Mapping[str, str]
    queries: frozenset[int]
    times: deque[float] = field(default_factory=deque)
    values: deque[float] = field(default_factory=deque)

    def add(self, at: float, value: float, *, apart: float) -> None:
        # The newest stays the newest: of two that are too close, the later one is kept.
        if len(self.times) > 1 and self.times[-1] - self.times[-2] < apart:
            self.times.pop()
            self.values.pop()
        self.times.append(at)
        self.values.append(value)

    def forget(self, before: float) -> None:
        while self.times and self.times[0] <= before:
            self.times.popleft()
            self.values.popleft()


class Rings:
    """The series that `queries` select, of every pod that is read. Thread-safe.

    Instants that come in are monotonic seconds; those in measurements Unix seconds, so a step of
    the wall clock tears no window apart. Raises ValueError where a query is no plain selector.
    """

    def __init__(self, queries: tuple[Query, ...], pod_label: str, interval: float) -> None:
        self._queries, self._pod_label = queries, pod_label
        self._selectors: tuple[Selector, ...] = tuple(parse_selector(q.promql) for q in queries)
        self._fresh = FRESH_ROUNDS * interval
        self._reach = max(self._fresh, *(query.window for query in queries))
        self._apart = max(min(query.step for query in queries), self._reach / MOST_POINTS)
        self._pods: dict[PodUid, dict[bytes, _Ring]] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> frozenset[str]:
        """The metrics that a page is read for."""
        return frozenset(selector.name for selector in self._selectors)

    def take(self, pod: Pod, samples: Iterable[tuple[bytes, float]], at: float) -> None:
        """Add what the pod's page showed at the instant `at`. Raises PageUnreadable."""
        with self._lock:
            rings = self._pods.setdefault(pod.uid, {})
            shown = set()
            for text, value in samples:
                shown.add(text)
                ring = rings.get(text)
                if ring is None:
                    ring = rings[text] = self._ring(pod, text)
                if ring.queries:
                    ring.add(at, value, apart=self._apart)
            for text, ring in list(rings.items()):
                ring.forget(at - self._reach)
                if not ring.times and text not in shown:
                    del rings[text]

    def keep(self, pods: Collection[PodUid]) -> None:
        """Drop the rings of all pods but these."""
        with self._lock:
            for gone in self._pods.keys() - pods:
                del self._pods[gone]

    def measurement(self, *, now: float, wall: float) -> Measurement:
        """What the rings hold at `now` (monotonic) and `wall`, in the form of an answer."""
        with self._lock:
            parts = tuple(
                self._part(number, query, now, wall) for number, query in enumerate(self._queries)
            )
        if len(parts) == 1:
            return parts[0]
        return Measurement(wall, window=max(part.window for part in parts), parts=parts)

    def _part(self, number: int, query: Query, now: float, wall: float) -> Measurement:
        rings = [
            ring
            for rings in self._pods.values()
            for ring in rings.values()
            if number in ring.queries
        ]
        ahead = wall - now
        if not query.raw and not query.step:
            samples = tuple(
                Sample(ring.labels, ring.values[-1], ring.times[-1] + ahead)
                for ring in rings
                if ring.times and ring.times[-1] > now - self._fresh
            )
            return Measurement(wall, window=query.window, samples=samples)
        found = []
        for ring in rings:
            points = [
                p for p in zip(ring.times, ring.values, strict=True) if p[0] > now - query.window
            ]
            if points:
                times, values = zip(*points, strict=True)
                found.append(Series(ring.labels, tuple(t + ahead for t in times), values))
        return Measurement(wall, window=query.window, series=tuple(found))

    def _ring(self, pod: Pod, text: bytes) -> _Ring:
        name = text.partition(b"{")[0].strip().decode()
        # The pod's own labels do not replace ours, as without `honor_labels`.
        labels = {
            "__name__": name,
            **read_labels(text),
            "namespace": pod.namespace,
            self._pod_label: pod.name,
        }
        chosen = (n for n, s in enumerate(self._selectors) if s.matches(name, labels))
        return _Ring(labels, frozenset(chosen))
