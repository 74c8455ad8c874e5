"""Asks a breaker's source, by the kind of its detector."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from kubervisor.runtime.desk import Shared
from kubervisor.runtime.fetching import Answer, Fetch
from kubervisor.sources import Sources
from kubervisor.telemetry import metrics
from kubervisor.traffic.detector_policy import (
    CustomPolicy,
    Query,
    RatioPolicy,
    SourceRef,
    WatchdogPolicy,
)
from kubervisor.traffic.detectors.glance import look_ahead
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import BreakerPolicy

LONGEST_DEADLINE = 5.0
SHARED_FOR = 0.9
"""Part of an evaluation period for which an answer is shared by all that ask the same."""


def ask(
    shared: Shared,
    key: ServiceKey,
    breaker: BreakerPolicy,
    *,
    period: float,
    listener: Callable[[], None],
) -> Answer:
    """The answer to the breaker's question, due within min(half the period, 5 s)."""
    detector, sources, wall = breaker.detector, shared.sources, shared.clock.wall
    if isinstance(detector, WatchdogPolicy):
        return _told(shared)
    question: Hashable
    # Nearly a period: whoever else asks the same in it gets the same answer.
    max_age = SHARED_FOR * period
    if isinstance(detector, CustomPolicy):
        question, fetch = (key, detector.source), _outliers(shared, key, detector.source)
    else:
        source, queries = detector.source, detector.queries
        assert isinstance(source, SourceRef)
        # An answer is shared among those who may ask for it.
        question = (source, queries, sources.admits(source, key.namespace))
        fetch = _samples(sources, wall, source, queries, key.namespace, detector.pod_label)
        if isinstance(detector, RatioPolicy):
            fetch = _looking_ahead(fetch, detector)
        # Between two steps of a range query there is nothing new to ask for.
        max_age = max(max_age, SHARED_FOR * min(query.step for query in queries))
    return shared.fetches.ask(
        str(detector.source),
        question,
        fetch,
        deadline=min(period / 2, LONGEST_DEADLINE),
        max_age=max_age,
        listener=listener,
    )


def _told(shared: Shared) -> Answer:
    """The pods themselves say it all, and the watch has brought them."""
    now, measurement = shared.clock.monotonic(), Measurement(shared.clock.wall())
    return Answer("", now, now, lambda _: measurement, measurement=measurement, done=True)


def _outliers(shared: Shared, key: ServiceKey, source: SourceRef) -> Fetch:
    def fetch(deadline: float) -> Measurement:
        taken_at = shared.clock.wall()
        with metrics.SOURCE_DURATION.time():
            named = shared.sources.ask(source, deadline=deadline, asked_for=str(key))
        return Measurement(taken_at, named=named)

    return fetch


def _samples(
    sources: Sources,
    wall: Callable[[], float],
    source: SourceRef,
    queries: tuple[Query, ...],
    namespace: str,
    pod_label: str,
) -> Fetch:
    """Asks one query after the other on the same connection: they share the deadline."""

    def part(query: Query, left: float) -> Measurement:
        taken_at, window = wall(), query.window
        if query.raw:
            series = sources.raw(source, query.promql, window, deadline=left, namespace=namespace)
            return Measurement(taken_at, window=window, series=series)
        if query.step:
            series = sources.over(
                source, query.promql, window, query.step, deadline=left, namespace=namespace
            )
            return Measurement(taken_at, window=window, series=series)
        samples = sources.query(
            source, query.promql, deadline=left, namespace=namespace, pod_label=pod_label
        )
        return Measurement(taken_at, window=window, samples=samples)

    def fetch(deadline: float) -> Measurement:
        ends = time.monotonic() + deadline
        with metrics.SOURCE_DURATION.time():
            parts = tuple([part(query, ends - time.monotonic()) for query in queries])
        if len(parts) == 1:
            return parts[0]
        # As if the whole had been asked for with the first query: no part reaches back further.
        window = max(part.window for part in parts)
        return Measurement(parts[0].taken_at, window=window, parts=parts)

    return fetch


def _looking_ahead(fetch: Fetch, policy: RatioPolicy) -> Fetch:
    """All who wait for the answer want the same sums of it, at the same instant."""

    def fetch_and_sum(deadline: float) -> Measurement:
        measurement = fetch(deadline)
        look_ahead(measurement, policy)
        return measurement

    return fetch_and_sum
