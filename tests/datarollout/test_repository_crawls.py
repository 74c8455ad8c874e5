"""One source, look by look: what is published under which instant, and what a failure leaves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from kubervisor.datarollout.repository.crawler import LONGEST_RETRY, Crawler, Rules
from kubervisor.datarollout.repository.fetching import Fetched
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.retention import Retention
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import SourceSpec, read_spec
from kubervisor.datarollout.versions import Version
from kubervisor.errors import Forbidden, SourceUnavailable
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from tests.datarollout.packing import unpacked


def _drop(*_: object) -> str:
    raise structlog.DropEvent


SPEC = read_spec("words", "git:https://host/words")
NOW = 1_000_000.0
QUIET: logs.Log = structlog.wrap_logger(structlog.PrintLogger(), processors=[_drop])


@dataclass
class Scripted:
    """A source that has what it is told; it fetches nothing where the revision is known."""

    files: Mapping[str, str] = field(default_factory=dict)
    revision: str = "r"
    at: float | None = None
    failure: Exception | None = None
    known: list[str] = field(default_factory=list)

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        self.known.append(known)
        if self.failure is not None:
            raise self.failure
        if known == self.revision:
            return None
        for name, text in self.files.items():
            tree.add_file(name, io.BytesIO(text.encode()))
        return Fetched(self.revision, self.at)


@dataclass
class Bench:
    """A crawler of a scripted source, whose clock stands at `now`."""

    folder: Path
    store: Store
    source: Scripted = field(default_factory=Scripted)
    metrics: RepositoryMetrics = field(default_factory=RepositoryMetrics)
    now: float = NOW
    in_use: Callable[[], frozenset[str] | None] = frozenset[str]
    retention: Retention = Retention(10, 86_400.0)  # noqa: RUF009 - frozen
    limits: Limits = Limits(MIB, MIB, MIB)  # noqa: RUF009 - frozen

    def crawler(self, spec: SourceSpec = SPEC) -> Crawler:
        return Crawler(
            spec,
            self.source,
            self.store,
            Rules(60.0, self.limits, self.retention),
            in_use=self._in_use,
            clock=Clock(wall=lambda: self.now, monotonic=lambda: self.now),
            metrics=self.metrics,
            log=QUIET,
        )

    def _in_use(self) -> frozenset[str] | None:
        return self.in_use()

    def publish(self, crawler: Crawler, text: str, at: float | None = None) -> Version:
        """The newest version once the source has this text."""
        self.source.files, self.source.at = {"a": text}, at
        self.source.revision = f"{text}/{at}/{self.now}"
        crawler.crawl()
        assert crawler.standing.problem == ""
        return self.versions()[-1]

    def versions(self) -> tuple[Version, ...]:
        return self.store.record("words").versions

    def files(self, version: Version) -> dict[str, str]:
        found = self.store.find("words", version.path)
        assert found is not None
        return unpacked(found[1].read_bytes())

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, {"source": "words", **labels})


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    store = Store(tmp_path, logs.get("test"))
    yield Bench(tmp_path, store)
    store.close()


def test_a_version_is_from_when_its_source_says(bench: Bench) -> None:
    version = bench.publish(bench.crawler(), "one", at=NOW - 500)
    assert version.at == NOW - 500
    assert version.path == f"{int(NOW - 500):x}-{version.sha256[:16].lower()}.tar.zst"
    assert bench.files(version) == {"a": "one"}


def test_a_commit_is_part_of_the_name(bench: Bench) -> None:
    bench.source.files, bench.source.revision = {"a": "1"}, "0123456789abcdef" * 2 + "01234567"
    bench.crawler().crawl()
    assert bench.versions()[0].path.endswith("-0123456789abcdef.tar.zst")


@pytest.mark.parametrize("at", [NOW + 1e6, NOW - 1e6, None])
def test_whatever_a_source_says_the_newest_is_the_latest_and_not_from_the_future(
    bench: Bench, at: float | None
) -> None:
    crawler = bench.crawler()
    first = bench.publish(crawler, "one", at=NOW - 500)
    second = bench.publish(crawler, "two", at=at)
    assert first.at < second.at <= NOW
    third = bench.publish(crawler, "three", at=at)
    assert second.at < third.at <= NOW + 1


def test_the_same_files_are_the_same_version(bench: Bench) -> None:
    crawler = bench.crawler()
    bench.publish(crawler, "one")
    bench.now += 60
    bench.publish(crawler, "one")
    assert len(bench.versions()) == 1
    crawler.crawl()
    assert bench.source.known[-1] == bench.source.revision, "the revision was not remembered"


def test_files_that_come_back_are_the_same_bytes_under_a_later_name(bench: Bench) -> None:
    crawler = bench.crawler()
    first, second = bench.publish(crawler, "one"), bench.publish(crawler, "two")
    bench.now += 60
    third = bench.publish(crawler, "one")
    assert third.is_same(first)
    assert third.path != first.path
    assert third.at > second.at
    assert bench.files(third) == {"a": "one"}


def test_another_branch_is_another_source_of_the_same_data(bench: Bench) -> None:
    bench.publish(bench.crawler(), "one")
    other = bench.crawler(read_spec("words", "git:https://host/words#branch=b"))
    other.crawl()
    assert bench.source.known[-1] == ""
    assert len(bench.versions()) == 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (SourceUnavailable("it is away"), "SourceUnavailable"),
        (Forbidden("may not get configmaps"), "Forbidden"),
        (OSError(28, "No space left on device"), "Disk"),
        (ZeroDivisionError("a bug"), "Error"),
    ],
)
def test_a_failure_costs_nothing_that_was_published(
    bench: Bench, failure: Exception, reason: str
) -> None:
    crawler = bench.crawler()
    version = bench.publish(crawler, "one")
    bench.source.failure = failure
    waits = [crawler.crawl() for _ in range(12)]
    assert waits[0] < 6
    assert waits[3] > 4 * waits[0]
    assert max(waits) <= LONGEST_RETRY * 1.1
    assert crawler.standing.problem
    assert bench.versions() == (version,)
    assert bench.sample("kubervisor_data_crawls_total", outcome=reason) == 12
    assert bench.sample("kubervisor_data_source_failing") == 1
    bench.source.failure = None
    assert 54 <= crawler.crawl() <= 66
    assert bench.sample("kubervisor_data_source_failing") == 0
    assert not list(bench.store.partial.iterdir())


def test_an_empty_source_is_no_version(bench: Bench) -> None:
    crawler = bench.crawler()
    version = bench.publish(crawler, "one")
    bench.source.files, bench.source.revision = {}, "empty"
    crawler.crawl()
    assert "never published" in crawler.standing.problem
    assert bench.versions() == (version,)


def test_old_versions_go_and_those_in_use_stay(bench: Bench) -> None:
    bench.retention = Retention(2, 100.0)
    crawler = bench.crawler()
    used = bench.publish(crawler, "used")
    bench.in_use = lambda: frozenset({used.sha256})
    for number in range(5):
        bench.now += 1000
        bench.publish(crawler, str(number))
    assert [bench.files(one)["a"] for one in bench.versions()] == ["used", "3", "4"]


def test_nothing_goes_while_the_api_server_cannot_be_asked(bench: Bench) -> None:
    bench.retention, bench.in_use = Retention(1, 0.0), lambda: None
    crawler = bench.crawler()
    for number in range(4):
        bench.now += 1000
        bench.publish(crawler, str(number))
    assert len(bench.versions()) == 4


def test_a_version_for_which_nothing_may_go_is_refused(bench: Bench) -> None:
    bench.limits = Limits(MIB, MIB, source=200)
    crawler = bench.crawler()
    first = bench.publish(crawler, "one")
    bench.in_use = lambda: frozenset({first.sha256})
    bench.publish(crawler, "two")
    bench.in_use = lambda: None
    bench.source.files, bench.source.revision = {"a": "three"}, "three"
    crawler.crawl()
    assert "--max-source" in crawler.standing.problem
    assert len(bench.versions()) == 2
    assert not list(bench.store.partial.iterdir())
    bench.in_use = frozenset[str]
    crawler.crawl()
    assert bench.files(bench.versions()[-1]) == {"a": "three"}
