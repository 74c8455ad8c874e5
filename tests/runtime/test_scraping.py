"""Scraping: rounds of pages, in which one pod delays only itself."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace

import pytest

from kubervisor.errors import SourceError, SourceNotAllowed, SourceTimeout, SourceUnavailable
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.rings import Rings
from kubervisor.runtime.scraping import Reader, Scraping
from kubervisor.sources.pages import PageRef
from kubervisor.traffic.detector_policy import Query, ScrapeRef
from kubervisor.traffic.model import Pod, ServiceKey
from tests.builders import KEY, a_pod

PATIENCE = 10.0
SCRAPE = ScrapeRef(port=8080, interval=2.0)


class Bench:
    """Pods with pages, and a clock that moves when told."""

    def __init__(self, *pods: Pod) -> None:
        self.now = 1000.0
        self.pods = list(pods)
        self.problems: dict[str, SourceError] = {}
        self.hanging: set[str] = set()
        self.released = threading.Event()
        self.asked: list[tuple[PageRef, frozenset[str]]] = []
        self._told = threading.Semaphore(0)
        clock = Clock(monotonic=lambda: self.now, wall=lambda: self.now)
        self.scraping = Scraping(self._read, clock=clock)
        self.stopped = threading.Event()
        self.reader = self.add("up")

    def add(self, metric: str) -> Reader:
        rings = Rings((Query(metric, window=60.0, raw=True),), "pod", SCRAPE.interval)
        reader = Reader(
            SCRAPE, rings, lambda: tuple(self.pods), self._told.release, stopped=self.stopped
        )
        self.scraping.add(KEY, reader)
        return reader

    def round(self) -> float:
        """Let one interval pass; the seconds until the next step."""
        self.now += SCRAPE.interval
        return self.scraping.step()

    def is_told(self) -> bool:
        return self._told.acquire(timeout=PATIENCE)

    def names(self) -> set[str]:
        """The pods that the reader's measurement holds."""
        found = self.scraping.measurement(KEY, self.reader)
        return {series.labels["pod"] for series in found.series}

    def _read(
        self, page: PageRef, names: Collection[str], *, deadline: float
    ) -> list[tuple[bytes, float]]:
        self.asked.append((page, frozenset(names)))
        if page.pod in self.hanging:
            assert self.released.wait(PATIENCE)
            raise SourceTimeout(f"{page.title} was not complete within {deadline:.3g} s.")
        if page.pod in self.problems:
            raise self.problems[page.pod]
        return [(b"up", 1.0)]


def pod(name: str, address: str = "10.0.0.1") -> Pod:
    return replace(a_pod(name), address=address)


def test_readers_are_told_when_the_round_is_complete() -> None:
    bench = Bench(pod("web-1"), pod("web-2"))

    bench.round()

    assert bench.is_told()
    assert bench.reader.fresh
    assert bench.names() == {"web-1", "web-2"}
    assert not bench.reader.fresh, "a measurement was taken"


def test_before_the_first_round_there_is_no_measurement() -> None:
    bench = Bench(pod("web-1"))

    with pytest.raises(SourceTimeout, match="No round of scrape :8080/metrics"):
        bench.names()


def test_one_reading_serves_all_readers_of_a_service() -> None:
    bench = Bench(pod("web-1"))
    bench.add("load")

    bench.round()

    assert bench.is_told()
    assert bench.is_told()
    assert [(page.pod, names) for page, names in bench.asked] == [
        ("web-1", frozenset({"up", "load"}))
    ]


def test_a_pod_that_hangs_delays_only_itself_and_is_left_alone_for_a_while() -> None:
    bench = Bench(pod("web-1"), pod("slow"))
    bench.hanging.add("slow")
    bench.round()
    until = bench.scraping.step()
    bench.now += until
    bench.scraping.step()

    assert bench.is_told(), "half an interval is patience enough"
    assert bench.names() == {"web-1"}

    bench.released.set()
    for _ in range(4):
        bench.round()
        assert bench.is_told()
    asked = [page.pod for page, _ in bench.asked]
    assert asked.count("web-1") == 5
    assert asked.count("slow") < 4


def test_where_no_page_can_be_read_the_reason_is_said() -> None:
    bench = Bench(pod("web-1"), pod("web-2"))
    for name in ("web-1", "web-2"):
        bench.problems[name] = SourceUnavailable("refused")
    bench.round()
    assert bench.is_told()

    with pytest.raises(SourceUnavailable, match="refused"):
        bench.names()

    del bench.problems["web-2"]
    bench.round()
    assert bench.is_told()
    assert bench.names() == {"web-2"}


def test_pods_on_the_hosts_network_are_not_read() -> None:
    bench = Bench(pod("web-1", address=""))

    bench.round()

    assert bench.is_told()
    with pytest.raises(SourceNotAllowed, match="host's network"):
        bench.names()
    assert bench.asked == []


def test_old_pages_are_no_measurement() -> None:
    bench = Bench(pod("web-1"))
    bench.round()
    assert bench.is_told()
    bench.now += 60.0

    with pytest.raises(SourceTimeout, match="read 60 s ago"):
        bench.names()


def test_nothing_is_read_for_readers_that_are_closed_or_stopped() -> None:
    bench = Bench(pod("web-1"))
    other = bench.add("load")
    bench.reader.closed = True
    bench.round()
    assert bench.is_told()
    assert [names for _, names in bench.asked] == [{"load"}]

    bench.stopped.set()
    bench.round()
    assert not other.is_wanted
    assert len(bench.asked) == 1


def test_services_are_spread_over_the_interval() -> None:
    bench = Bench(pod("web-1"))
    waits = set()
    for number in range(50):
        service = Bench(pod("web-1"))
        service.reader.closed = True
        key = ServiceKey("shop", f"service-{number}")
        reader = Reader(SCRAPE, bench.reader.rings, list, lambda: None, service.stopped)
        service.scraping.add(key, reader)
        waits.add(round(service.scraping.step() / SCRAPE.interval, 1))

    assert len(waits) >= 9
