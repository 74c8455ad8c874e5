"""Readers: breakers on the pods' own pages judge when a round is complete, once in a period."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import cast

import pytest

from kubervisor.runtime.clock import Clock
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.readers import PATIENCE, Readers
from kubervisor.runtime.scraping import Reader
from kubervisor.traffic.detector_policy import Query, RatioPolicy, ScrapeRef, SourceRef
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ActivatorPolicy, BreakerPolicy
from tests.builders import KEY

UP = (Query("up", window=5.0, raw=True),)
ASKS_PROMETHEUS = BreakerPolicy("a", RatioPolicy(SourceRef(name="m"), UP), ActivatorPolicy())


def scraped(*, period: float, interval: float = 1.0) -> BreakerPolicy:
    detector = RatioPolicy(ScrapeRef(8080, interval=interval), UP)
    return BreakerPolicy("b", detector, ActivatorPolicy(), period=period)


class Bench:
    """A Service whose pages are read by nobody, on a clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.added: list[Reader] = []
        shared = SimpleNamespace(clock=Clock(monotonic=lambda: self.now), scraping=self)
        desk = SimpleNamespace(
            shared=shared, assignment=SimpleNamespace(key=KEY), stopped=threading.Event()
        )
        self.readers = Readers(cast("Desk", desk), lambda: None)

    def add(self, key: ServiceKey, reader: Reader) -> None:
        assert key == KEY
        self.added.append(reader)

    def measurement(self, _key: ServiceKey, reader: Reader) -> Measurement:
        reader.fresh = False
        return Measurement(self.now)

    def judged(self, breaker: BreakerPolicy, seconds: float, *, interval: float) -> list[float]:
        """When the breaker judged, in seconds from the start, with a round each interval."""
        self.readers.keep([breaker])
        due = {breaker: self.now + breaker.period + self.readers.patience(breaker)}
        began, found = self.now, []
        while self.now < began + seconds:
            self.now += interval
            self.added[0].fresh = True
            due |= self.readers.now_due(due)
            if due[breaker] <= self.now:
                assert self.readers.ask(breaker) is not None
                found.append(self.now - began)
                due[breaker] = self.now + breaker.period + self.readers.patience(breaker)
        return found


@pytest.mark.parametrize(
    ("period", "interval", "at"),
    [
        pytest.param(1.0, 1.0, [1, 2, 3, 4, 5, 6], id="each round where both are the same"),
        pytest.param(3.0, 1.0, [3, 6], id="once in a period of several rounds"),
        pytest.param(0.5, 2.0, [2, 4, 6], id="not before there is something new"),
    ],
)
def test_a_breaker_judges_when_a_round_is_complete(
    period: float, interval: float, at: list[float]
) -> None:
    breaker = scraped(period=period, interval=interval)

    assert Bench().judged(breaker, 6.0, interval=interval) == at


def test_without_a_round_a_breaker_is_patient_and_then_judges() -> None:
    bench, breaker = Bench(), scraped(period=1.0)
    bench.readers.keep([breaker])

    assert bench.readers.patience(breaker) == PATIENCE
    assert bench.readers.now_due({breaker: bench.now}) == {}


def test_breakers_that_ask_a_source_have_no_reader() -> None:
    bench = Bench()
    bench.readers.keep([ASKS_PROMETHEUS])

    assert bench.added == []
    assert bench.readers.patience(ASKS_PROMETHEUS) == 0
    assert bench.readers.ask(ASKS_PROMETHEUS) is None


def test_a_breaker_that_is_gone_has_its_reader_closed() -> None:
    bench, breaker = Bench(), scraped(period=1.0)
    bench.readers.keep([breaker])
    bench.readers.keep([breaker])
    assert len(bench.added) == 1

    bench.readers.keep([])
    assert not bench.added[0].is_wanted
