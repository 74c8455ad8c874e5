"""Measurements for tests of detectors: counts and values of pods, as a source would give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kubervisor.traffic.detector_policy import DetectorPolicy, Query, RatioPolicy, SourceRef
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy
from kubervisor.traffic.verdict import Finding
from tests.builders import NOW, a_pod, fleet_of

SOURCE = SourceRef("main")
WINDOW = 60.0
SCRAPE = 5.0


def instant(*promql: str, window: float = WINDOW) -> tuple[Query, ...]:
    return tuple(Query(text, window) for text in promql)


def raw(*promql: str, window: float = WINDOW) -> tuple[Query, ...]:
    return tuple(Query(text, window, raw=True) for text in promql)


RATIO = RatioPolicy(SOURCE, instant("errors", "total"))
RAW_RATIO = replace(RATIO, queries=raw("errors", "total"))


def samples(values: Mapping[str, float | Sequence[float]], **labels: str) -> Measurement:
    """An instant vector: of each pod one sample, or several."""
    found = [
        Sample({"pod": pod, **labels}, value, NOW)
        for pod, given in values.items()
        for value in (given if isinstance(given, Sequence) else [given])
    ]
    return Measurement(NOW, WINDOW, samples=tuple(found))


def together(*parts: Measurement) -> Measurement:
    """The answers to several queries."""
    return Measurement(NOW, max(part.window for part in parts), parts=parts)


def failing(counts: Mapping[str, tuple[float, float]]) -> Measurement:
    """Failures of events per pod, as two instant vectors; a pod without failures has no sample."""
    failures = {pod: k for pod, (k, _) in counts.items() if k}
    return together(samples(failures), samples({pod: n for pod, (_, n) in counts.items()}))


def counter(pod: str, values: Sequence[float], *, last: float = NOW, **labels: str) -> Series:
    """Raw samples, one each scrape, the newest at `last`."""
    times = [last - SCRAPE * back for back in range(len(values))][::-1]
    return Series({"pod": pod, "instance": pod, **labels}, tuple(times), tuple(values))


def of_series(*series: Series) -> Measurement:
    return Measurement(NOW, WINDOW, series=series)


def judged(
    detector: DetectorPolicy,
    measurement: Measurement,
    fleet: Fleet | None = None,
    *,
    peer_group: str | None = None,
    warm_up: float = 0.0,
    activator: ActivatorPolicy | None = None,
) -> dict[str, Finding]:
    """Findings by pod. Without `fleet`, it is the pods that are measured."""
    if fleet is None:
        parts = measurement.parts or (measurement,)
        seen = {pod for part in parts for pod in (*part.by("pod").pods, *part.series_by("pod"))}
        fleet = fleet_of(*(a_pod(name) for name in sorted(seen)))
    breaker = BreakerPolicy("errors", detector, activator or ActivatorPolicy(), warm_up=warm_up)
    verdict = judge(breaker, measurement, fleet, now=NOW, peer_group=peer_group)
    return {finding.name: finding for finding in verdict.findings}


def outliers(found: Mapping[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if finding.judgement == "outlier"]
