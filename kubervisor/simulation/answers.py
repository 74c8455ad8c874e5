"""Answers the queries of a detector from the simulated scrapes, as a Prometheus would.

The pods export three metrics, under the names that common exporters use:

- `http_requests_total`, a counter with the label `code` (`200` or `500`);
- `http_request_duration_seconds_sum` and `_count`: the mean latency where a query names the sum;
- `process_resident_memory_bytes`, a gauge.

A query is answered by the selector in it, not evaluated: the increase over its window for counters,
the newest sample for the gauge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kubervisor.errors import SpecError
from kubervisor.simulation.scraping import EPOCH, Floats, Scraper
from kubervisor.simulation.world import World
from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    CustomPolicy,
    DetectorPolicy,
    DiscretePolicy,
    Query,
    WatchdogPolicy,
)
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.promql import parse_selector

NAMESPACE = "simulation"
REQUESTS = "http_requests_total"
LATENCY_SUM, LATENCY_COUNT = (
    "http_request_duration_seconds_sum",
    "http_request_duration_seconds_count",
)
MEMORY = "process_resident_memory_bytes"
_SELECTOR = re.compile(rf"({REQUESTS}|{LATENCY_SUM}|{LATENCY_COUNT}|{MEMORY})(\s*\{{[^}}]*\}})?")


def pod_name(number: int) -> str:
    """The name of the pod with this number."""
    return f"pod-{number}"


class Answers:
    """Measurements for one detector at any tick. Raises SpecError where a query names no metric
    of the simulated pods.
    """

    def __init__(self, world: World, scraper: Scraper, detector: DetectorPolicy) -> None:
        if isinstance(detector, CustomPolicy):
            raise SpecError("customService: there is nobody to ask in a simulation")
        if isinstance(detector, WatchdogPolicy):
            raise SpecError("watchdog: simulated pods have no watchdogs")
        self._world, self._scraper = world, scraper
        self._tick = world.scenario.tick
        self._queries = detector.queries
        self._metrics = [_metric(query) for query in detector.queries]
        self._by_code = isinstance(detector, DiscretePolicy)
        self._relative = isinstance(detector, ContinuousPolicy)
        self._labels = [
            {detector.pod_label: pod_name(pod), "namespace": NAMESPACE}
            for pod in range(world.scenario.pods)
        ]

    def at(self, tick: int) -> Measurement:
        """What the detector's queries are answered with at `tick`."""
        parts = tuple(
            self._answer(query, *metric, tick)
            for query, metric in zip(self._queries, self._metrics, strict=True)
        )
        if len(parts) == 1:
            return parts[0]
        window = max(part.window for part in parts)
        return Measurement(self._at(tick), window, parts=parts)

    def _answer(self, query: Query, name: str, codes: tuple[str, ...], tick: int) -> Measurement:
        first = tick - max(1, round(query.window / self._tick))
        if query.step:
            series = tuple(self._range(query, name, first, tick))
            return Measurement(self._at(tick), query.window, series=series)
        if query.raw:
            series = tuple(self._raw(name, codes, first, tick))
            return Measurement(self._at(tick), query.window, series=series)
        samples = self._instant(name, codes, first, tick)
        return Measurement(self._at(tick), query.window, samples=samples)

    def _at(self, tick: int) -> float:
        return EPOCH + tick * self._tick

    def _raw(self, name: str, codes: tuple[str, ...], first: int, last: int) -> Iterator[Series]:
        for pod, labels in enumerate(self._labels):
            for more, counter in self._series(name, codes):
                times, values = self._scraper.samples(counter, pod, first, last)
                if times:
                    yield Series({**labels, **more}, times, values)

    def _range(self, query: Query, name: str, first: int, last: int) -> Iterator[Series]:
        if name != MEMORY:
            raise SpecError(f"{query.promql}: a simulation has {MEMORY} for range queries only")
        every = max(1, round(query.step / self._tick / self._scraper.every))
        for pod, labels in enumerate(self._labels):
            times, values = self._scraper.samples(self._world.memory, pod, first, last)
            if times:
                yield Series(labels, times[::-every][::-1], values[::-every][::-1])

    def _series(
        self, name: str, codes: tuple[str, ...]
    ) -> Iterator[tuple[Mapping[str, str], Floats]]:
        world = self._world
        if name in (REQUESTS, LATENCY_COUNT):
            by_code = {"200": world.successes, "500": world.failures}
            yield from (({"code": code}, by_code[code]) for code in codes)
        else:
            yield {}, {LATENCY_SUM: world.seconds, MEMORY: world.memory}[name]

    def _instant(
        self, name: str, codes: tuple[str, ...], first: int, last: int
    ) -> tuple[Sample, ...]:
        at = self._at(last)
        found = [
            (labels, more, value)
            for pod, labels in enumerate(self._labels)
            for more, value in self._values(name, codes, pod, first, last)
        ]
        mean = sum(value for *_, value in found) / len(found) if self._relative and found else 1.0
        scale = mean or 1.0
        return tuple(Sample({**labels, **more}, v / scale, at) for labels, more, v in found)

    def _values(
        self, name: str, codes: tuple[str, ...], pod: int, first: int, last: int
    ) -> Iterator[tuple[Mapping[str, str], float]]:
        world, increase = self._world, self._scraper.increase
        if name == MEMORY:
            _, values = self._scraper.samples(world.memory, pod, first, last)
            if values:
                yield {}, values[-1]
            return
        good = increase(world.successes, pod, first, last)
        bad = increase(world.failures, pod, first, last)
        if good is None or bad is None:
            return
        if name == LATENCY_SUM:
            work = increase(world.seconds, pod, first, last)
            if work is not None and good + bad > 0:
                yield {}, work / (good + bad)
        elif name == REQUESTS and self._by_code:
            yield from (({"code": code}, {"200": good, "500": bad}[code]) for code in codes)
        else:
            yield {}, sum({"200": good, "500": bad}[code] for code in codes)


def _metric(query: Query) -> tuple[str, tuple[str, ...]]:
    """The metric that a query names, and the codes of its requests that it asks for."""
    found = _SELECTOR.search(query.promql)
    if found is None:
        raise SpecError(
            f"{query.promql}: simulated pods export {REQUESTS}, {LATENCY_SUM}, {LATENCY_COUNT} "
            f"and {MEMORY}; write one of these"
        )
    try:
        selector = parse_selector(found[0])
    except ValueError as error:
        raise SpecError(f"{query.promql}: {found[0]} {error}") from error
    named = {matcher.label: matcher for matcher in selector.matchers}
    codes = tuple(c for c in ("200", "500") if "code" not in named or named["code"].holds(c))
    return selector.name, codes
