"""Failures and events of each pod, out of whatever the queries were answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import inf
from typing import NamedTuple, Protocol

from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.detectors.increments import Increment, first_reads, increment
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import series_by_pod, sums_by_pod
from kubervisor.traffic.evidence import watermark
from kubervisor.traffic.measurement import Measurement, Series
from kubervisor.traffic.model import Pod
from kubervisor.traffic.patterns import compile_pattern

EXTRAPOLATION = 1.1
"""`increase()` may give this many times as many failures as events where all fail."""


class Count(NamedTuple):
    """One pod's events and how many of them failed, within so many seconds."""

    failures: float
    events: float
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """Failures of events, from 0 to 1; 0 without events."""
        return self.failures / self.events if self.events else 0.0

    @property
    def activity(self) -> float | None:
        """Events a second, where the time is known."""
        return self.events / self.seconds if self.seconds > 0 else None


class Codes(NamedTuple):
    """Which of a query's series count failures: where the pattern `bad` matches `label`."""

    label: str
    bad: str

    def are_bad(self, labels: Mapping[str, str]) -> bool:
        """True where these labels belong to failures."""
        return _matches(self.bad, labels.get(self.label, ""))


@lru_cache(maxsize=4096)
def _matches(pattern: str, code: str) -> bool:
    return compile_pattern(pattern).fullmatch(code)


def counts(
    asked: Question,
    queries: Sequence[Query],
    pod_label: str,
    codes: Codes | None = None,
    *,
    since: float = -inf,
) -> Mapping[str, Count | str]:
    """Each Ready member's count by its name; a sentence where it cannot be counted, and nothing
    where nothing is known of the pod.

    The queries are for failures and for all events, or with `codes` one for both. A pod with events
    and no failures has 0 of them. Several series of a pod are summed. Raw samples count from
    `since` on, or the pod's watermark where that is later.
    """
    meters = _meters(asked, queries, pod_label, since, codes)
    every, failing = meters[-1], meters[0]
    found: dict[str, Count | str] = {}
    for pod in asked.fleet.pods:
        if not pod.ready:
            continue
        known = _count_of_readings(every.read(pod, None), failing.read(pod, codes))
        if known:
            found[pod.name] = known
    return found


def _count_of_readings(
    events: Increment | str | None, failures: Increment | str | None
) -> Count | str | None:
    if isinstance(events, Increment):
        return _count(events, failures)
    if events is None and failures is not None:
        return "failures are counted, and no total to compare them with"
    return events


def totals(asked: Question, number: int, query: Query, pod_label: str) -> Mapping[str, float]:
    """How much each Ready member counts in the query with this number, by its name."""
    meter = _meter(asked, asked.parts[number], query, pod_label, -inf)
    found = {pod.name: meter.read(pod, None) for pod in asked.fleet.pods if pod.ready}
    return {name: read.amount for name, read in found.items() if isinstance(read, Increment)}


def _count(events: Increment, failures: Increment | str | None) -> Count | str:
    of, seconds = events
    if failures is None:
        return Count(0.0, of, seconds)
    if isinstance(failures, str):
        return failures
    failed = failures[0]
    if failed > of * EXTRAPOLATION + 1:
        return f"{failed:g} failures of {of:g} events: the expressions do not belong together"
    return Count(min(failed, of), of, seconds)


_SeriesByPod = Mapping[str, Sequence[Series]]


class _Meter(Protocol):
    def read(self, pod: Pod, codes: Codes | None) -> Increment | str | None:
        """What the pod counts (of its failures only, with `codes`); None without a series, a
        sentence where it cannot be told.
        """


def _meters(
    asked: Question, queries: Sequence[Query], pod_label: str, since: float, codes: Codes | None
) -> list[_Meter]:
    answers = list(zip(asked.parts, queries, strict=True))
    pages = [series_by_pod(part, asked.fleet, pod_label) for part, query in answers if query.raw]
    return [_meter(asked, part, query, pod_label, since, codes, pages) for part, query in answers]


def _meter(
    asked: Question,
    part: Measurement,
    query: Query,
    pod_label: str,
    since: float,
    codes: Codes | None = None,
    pages: Sequence[_SeriesByPod] = (),
) -> _Meter:
    if not query.raw:
        every = sums_by_pod(part, asked.fleet, pod_label)
        failing = sums_by_pod(part, asked.fleet, pod_label, codes)
        return _Sums(every, failing, part.window)
    series = series_by_pod(part, asked.fleet, pod_label)
    return _Counters(series, pages or [series], since, asked)


_RESET = "a sample is negative: a counter was reset within the window"
"""delta() over a counter reset: what happened in the window is not known."""


class _Sums:
    """Instant samples; with codes, `failing` sums those that count failures."""

    def __init__(
        self, every: Mapping[str, float], failing: Mapping[str, float], seconds: float
    ) -> None:
        self._every, self._failing, self._seconds = every, failing, seconds

    def read(self, pod: Pod, codes: Codes | None) -> Increment | str | None:
        amount = (self._every if codes is None else self._failing).get(pod.name)
        if amount is None:
            return None
        return Increment(amount, self._seconds) if amount >= 0 else _RESET


class _Counters:
    """Raw samples of counters, cut at each pod's watermark."""

    def __init__(
        self, series: _SeriesByPod, pages: Sequence[_SeriesByPod], since: float, asked: Question
    ) -> None:
        self._series, self._pages, self._since, self._asked = series, pages, since, asked

    def read(self, pod: Pod, codes: Codes | None) -> Increment | str | None:
        series = self._series[pod.name]
        if not series:
            return None
        since = max(watermark(pod, self._asked.breaker, self._asked.now), self._since)
        reads = first_reads((one for page in self._pages for one in page[pod.name]), since)
        chosen = series if codes is None else [s for s in series if codes.are_bad(s.labels)]
        return increment(chosen, since, reads)
