"""Measuring: what is asked of a source, how often, and in which form the answers come."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kubervisor.errors import SourceError, SourceRejected
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.desk import Shared
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.measure import ask
from kubervisor.traffic.detector_policy import Query, RatioPolicy, SourceRef, TrendPolicy
from kubervisor.traffic.detectors.counts import Codes
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy
from tests.builders import KEY

PATIENCE = 10.0
MAIN = SourceRef(name="main")
SERIES = (Series({"pod": "a"}, (1.0, 2.0), (3.0, 4.0)),)
SAMPLES = (Sample({"pod": "a"}, 1.0, 1.0),)


class Source:
    """Answers every query and notes it; the administrator has it for `shop` and `cart`."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.refuses = ""

    def admits(self, _ref: SourceRef, namespace: str) -> bool:
        return namespace in ("shop", "cart")

    def query(self, _ref: SourceRef, promql: str, **_: Any) -> tuple[Sample, ...]:
        self.asked.append(("instant", promql))
        if promql == self.refuses:
            raise SourceRejected("no")
        return SAMPLES

    def raw(self, _ref: SourceRef, selector: str, window: float, **_: Any) -> tuple[Series, ...]:
        self.asked.append(("raw", selector, window))
        return SERIES

    def over(
        self, _ref: SourceRef, promql: str, window: float, step: float, **_: Any
    ) -> tuple[Series, ...]:
        self.asked.append(("over", promql, window, step))
        return SERIES


class Bench:
    """A pool that asks the source, on clocks that move when told."""

    def __init__(self) -> None:
        self.now, self.source = 100.0, Source()
        clock = Clock(wall=lambda: 1e9 + self.now, monotonic=lambda: self.now)
        shared = SimpleNamespace(clock=clock, sources=self.source, fetches=FetchPool(clock=clock))
        self._shared = cast("Shared", shared)

    def ask(self, breaker: BreakerPolicy, key: ServiceKey = KEY) -> Measurement:
        """The measurement, once it is there."""
        done = threading.Event()
        answer = ask(self._shared, key, breaker, period=breaker.period, listener=done.set)
        assert answer.done or done.wait(PATIENCE)
        return answer.result()


def ratio(*queries: Query) -> BreakerPolicy:
    return BreakerPolicy("errors", RatioPolicy(MAIN, queries), ActivatorPolicy(), period=1.0)


ERRORS = Query('requests{code="500"}', window=20.0, raw=True)
TOTAL = Query("sum by (pod) (increase(requests[30s]))", window=30.0)


def test_one_query_is_answered_as_it_is() -> None:
    bench = Bench()

    assert bench.ask(ratio(ERRORS)) == Measurement(1e9 + 100.0, window=20.0, series=SERIES)
    assert bench.source.asked == [("raw", ERRORS.promql, 20.0)]


def test_several_are_answered_in_parts_and_reach_back_as_far_as_the_longest() -> None:
    bench = Bench()

    found = bench.ask(ratio(ERRORS, TOTAL))

    at = 1e9 + 100.0
    assert found == Measurement(
        at,
        window=30.0,
        parts=(
            Measurement(at, window=20.0, series=SERIES),
            Measurement(at, window=30.0, samples=SAMPLES),
        ),
    )


def test_the_same_question_is_asked_once_in_a_period_by_those_who_may_ask() -> None:
    bench = Bench()
    for namespace in ("shop", "cart", "thief"):
        bench.ask(ratio(ERRORS, TOTAL), ServiceKey(namespace, "x"))
    assert len(bench.source.asked) == 2 * 2, "once for both that may, once for the one that may not"

    bench.now += 1.0
    bench.ask(ratio(ERRORS, TOTAL))
    assert len(bench.source.asked) == 3 * 2


def test_within_a_step_of_a_range_query_nothing_is_asked_again() -> None:
    bench = Bench()
    trend = TrendPolicy(MAIN, (Query("memory", window=1800.0, step=30.0),), above=1.0)
    breaker = BreakerPolicy("leak", trend, ActivatorPolicy(), period=1.0)
    for _ in range(20):
        bench.ask(breaker)
        bench.now += 1.0
    assert bench.source.asked == [("over", "memory", 1800.0, 30.0)]

    bench.now += 10.0
    bench.ask(breaker)
    assert len(bench.source.asked) == 2


def test_what_every_fleet_is_glanced_at_by_is_summed_before_anybody_is_told() -> None:
    by_code = RatioPolicy(MAIN, (TOTAL,), code_label="code", bad_codes="5..")
    found = Bench().ask(BreakerPolicy("errors", by_code, ActivatorPolicy(), period=1.0))

    assert found.by("pod")._sums.keys() == {None, Codes("code", "5..")}


def test_where_one_query_fails_there_is_no_measurement() -> None:
    bench = Bench()
    bench.source.refuses = TOTAL.promql

    with pytest.raises(SourceError, match="no"):
        bench.ask(ratio(ERRORS, TOTAL))
