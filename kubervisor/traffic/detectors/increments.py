"""Exact increments of counters, from raw samples.

`increase()` extrapolates to the borders of its window and hands fractions to a test on counts; raw
samples give integers, and a count may begin anywhere: at a pod's return for one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

from kubervisor.traffic.measurement import Series

_PAGE = ("job", "instance")
"""Labels of Prometheus that say which metrics page a series was read from."""

Page = tuple[str, ...]


class Increment(NamedTuple):
    """How far counters went up together, and the seconds that were looked at."""

    amount: float
    seconds: float


def first_reads(series: Iterable[Series], since: float) -> dict[Page, float]:
    """When each metrics page was read first, at or after `since`, as its series show."""
    reads: dict[Page, float] = {}
    for one in series:
        begin = bisect_left(one.times, since)
        if begin < len(one.times):
            page = _page(one)
            reads[page] = min(reads.get(page, inf), one.times[begin])
    return reads


def increment(series: Iterable[Series], since: float, reads: Mapping[Page, float]) -> Increment:
    """The increments of all `series` (one pod's) from the first sample at or after `since` on.

    A value below the one before it is a reset: what it shows happened after the reset. A series
    whose page was read (`reads`) before it has its first sample was born in between, as series with
    labels are at their first event, and counts from 0. One that begins with its page counts from
    its first sample: its past is not known, however young the pod; that costs one scrape of a new
    pod and never takes a long history for a sudden one.
    """
    count, first, last = 0.0, inf, -inf
    for one in series:
        begin = bisect_left(one.times, since)
        if begin == len(one.times):
            continue
        read = reads[_page(one)]
        count += _rise(one.values[begin:], from_zero=not begin and read < one.times[0])
        first, last = min(first, read), max(last, one.times[-1])
    return Increment(count, max(last - first, 0.0))


def _page(series: Series) -> Page:
    labels = series.labels
    return tuple([labels.get(label, "") for label in _PAGE])


def _rise(values: Sequence[float], *, from_zero: bool) -> float:
    rise = 0.0
    before = 0.0 if from_zero else None
    for value in values:
        if before is not None and value >= before:
            rise += value - before
        elif before is not None and isfinite(value):
            rise += value
        if isfinite(value):
            before = value
    return rise
