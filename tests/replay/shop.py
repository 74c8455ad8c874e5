"""A recorded shop: ten pods, their counters, and faults that the dice do not know of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np

from kubervisor.replay.backtest import Result, backtest
from kubervisor.replay.members import Members
from kubervisor.replay.pages import Page, Reader, Stretch
from kubervisor.replay.rerun import Rerun
from kubervisor.source_settings import NamedSource
from kubervisor.sources.history import History
from kubervisor.traffic.detector_policy import (
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    Query,
    RatioPolicy,
    SourceRef,
    ThresholdPolicy,
)
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy, Matches, ServicePolicy
from tests.replay.recorded import Record, serving

T0 = 1_700_000_000.0
STEP = 5.0
KEY = ServiceKey("shop", "shop")
SELECTOR = "http_requests_total"
INCREASE = "sum by (namespace, pod, code) (increase(http_requests_total[30s]))"
LATENCY = "latency_seconds"
SOURCE = SourceRef(name="main")

Fault = tuple[int, float, float, float]
"""Pod, from when, until when (seconds after T0), share of failures."""


def pod_name(number: int) -> str:
    return f"shop-6f7d8c9b5d-a{number:04}"


def recorded_shop(
    *faults: Fault, pods: int = 10, seconds: float = 3600.0, seed: int = 1, rate: float = 20.0
) -> Record:
    """Its raw counters, and their increase over 30 s, by pod and code; scraped every 5 s."""
    record, dice = Record(), np.random.default_rng(seed)
    times = T0 - 300 + np.arange(int((seconds + 300) / STEP) + 1) * STEP
    for number in range(pods):
        share = np.full(len(times), 0.005)
        for pod, begin, end, bad in faults:
            if pod == number:
                share[(times > T0 + begin) & (times <= T0 + end)] = bad
        events = dice.poisson(rate * STEP, len(times))
        failures = dice.binomial(events, share)
        for code, counts in (("200", events - failures), ("500", failures)):
            labels = {"namespace": "shop", "pod": pod_name(number), "code": code}
            counter = np.cumsum(counts)
            record.add(SELECTOR, labels, times, counter)
            if code == "500":
                record.add("errors", labels, times, counter)
            record.add(INCREASE, labels, times[6:], counter[6:] - counter[:-6])
        slow = np.where(share > 0.01, 1 + 5 * share, 1.0)
        latency = 0.02 * slow * dice.lognormal(0.0, 0.05, len(times))
        record.add(LATENCY, {"namespace": "shop", "pod": pod_name(number)}, times, latency)
    return record


DEVIATION = DeviationPolicy(SOURCE, (Query(LATENCY),))
BUSY_DEVIATION = DeviationPolicy(
    SOURCE, (Query(LATENCY), Query(SELECTOR, 25.0, raw=True)), minimum_activity=95.0
)
THRESHOLD = ThresholdPolicy(SOURCE, (Query(LATENCY),), above=0.03)
SHARE = ThresholdPolicy(
    SOURCE, (Query("errors", 25.0, raw=True), Query(SELECTOR, 25.0, raw=True)), above=0.1
)
RATIO = RatioPolicy(SOURCE, (Query(SELECTOR, 25.0, raw=True),), code_label="code", bad_codes="5..")
DISCRETE = DiscretePolicy(
    SOURCE,
    INCREASE,
    "code",
    "pod",
    good=frozenset({"200"}),
    tolerance_percent=20,
    minimum_activity=20,
)


def policy_with(
    detector: DetectorPolicy, *, matches: Matches | None = None, **activator: object
) -> ServicePolicy:
    plain = BreakerPolicy(
        "errors",
        detector,
        replace(ActivatorPolicy(period=60.0), **activator),  # type: ignore[arg-type]  # names of fields
        matches=matches or Matches(),
        on_requests=isinstance(detector, RatioPolicy),
    )
    return ServicePolicy("shop", (plain,), peer_group="")


@contextmanager
def reading(record: Record) -> Iterator[Reader]:
    with serving(record) as url:
        history = History(NamedSource(name="main", url=url), max_sample_age=75.0)
        with closing(history):
            yield Reader(history, KEY.namespace)


def stretch_of(seconds: float = 3600.0) -> Stretch:
    return Stretch(T0, T0 + seconds, STEP)


def replayed(record: Record, policy: ServicePolicy, seconds: float = 3600.0) -> Result:
    with reading(record) as reader:
        return backtest(KEY, policy, reader, stretch_of(seconds))


def events(rerun: Rerun) -> Sequence[object]:
    """Everything that a rerun told."""
    tally = rerun.tally
    return [*tally.ejections, *tally.returns, *tally.panics, sorted(tally.seconds_out.items())]


def led(
    record: Record,
    rerun: Rerun,
    seconds: float,
    *,
    seen: Callable[[Page], None] = lambda _: None,
) -> Rerun:
    """The rerun after its way through the record."""
    with reading(record) as reader:
        members = Members(KEY.namespace, T0)
        for page in reader.pages(rerun.guard.policy, stretch_of(seconds), lambda _: None):
            seen(page)
            rerun.run(page, members.roll(page))
    rerun.finish(T0 + seconds)
    return rerun


def cut(record: Record, after: float) -> Record:
    """The record as it was at the instant `after`."""
    before = Record()
    for promql, lines in record.series.items():
        for line in lines:
            known = line.times <= after
            before.add(promql, line.labels, line.times[known], line.values[known])
    return before
