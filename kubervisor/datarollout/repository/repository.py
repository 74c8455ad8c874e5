"""All sources of one repository, each crawled on a thread of its own, and how they are."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from kubervisor.datarollout.repository.crawler import Crawler, InUse, Rules
from kubervisor.datarollout.repository.crawling import Crawl
from kubervisor.datarollout.repository.fetchers import Fetchers
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.pod_sources import Annotations, PodSources
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.specs import ReadSources, SourceSpec
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.logs import Log

AT_ONCE = 8
"""Sources that are fetched at the same time."""
STALE_PERIODS = 10
"""After so many without a single success something is wrong with all of it."""
END_SECONDS = 3.0
SHOWN = 50
"""Problems that a page has."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What all crawlers share."""

    store: Store
    fetchers: Fetchers
    rules: Rules
    in_use: InUse
    clock: Clock
    metrics: RepositoryMetrics
    log: Log

    def crawler(self, spec: SourceSpec, text: str) -> Crawler:
        """The crawler of `spec`; `text` is the annotation that set it up, "" where none did."""
        return Crawler(
            spec,
            self.fetchers.make(spec, annotated=bool(text)),
            self.store,
            self.rules,
            set_up_by=text,
            in_use=self.in_use,
            clock=self.clock,
            metrics=self.metrics,
            log=self.log,
        )


class Repository:
    """The configured sources, and those of pods where there are `annotations`. Call `start`, then
    `look` each period. What is not crawled any more is still published.
    """

    def __init__(self, read: ReadSources, parts: Parts, annotations: Annotations | None) -> None:
        self._read, self._parts = read, parts
        self._began = parts.clock.monotonic()
        self._crawlers = tuple(parts.crawler(spec, "") for spec in read.sources)
        self._crawls: tuple[Crawl, ...] = ()
        names = {spec.name for spec in read.sources} | {name for name, _ in read.problems}
        self._of_pods = PodSources(
            annotations,
            configured=frozenset(names),
            store=parts.store,
            crawler=parts.crawler,
            keep_seconds=parts.rules.retention.seconds,
            clock=parts.clock,
            metrics=parts.metrics,
            log=parts.log,
        )
        for name, why in read.problems:
            parts.log.error("Left out a source", source=name, why=why)
        self._show_problems()

    def start(self) -> None:
        """Begin to crawl what is configured."""
        slots = threading.BoundedSemaphore(AT_ONCE)
        self._crawls = tuple(Crawl(crawler, slots) for crawler in self._crawlers)

    def look(self) -> None:
        """See which sources pods have set up."""
        self._of_pods.look()
        self._show_problems()

    def end(self) -> None:
        """Return once nothing is under way any more, or after `END_SECONDS`."""
        crawls = [*self._crawls, *self._of_pods.crawls()]
        for crawl in crawls:
            crawl.end()
        deadline = self._parts.clock.monotonic() + END_SECONDS
        for crawl in crawls:
            crawl.has_ended(max(0.0, deadline - self._parts.clock.monotonic()))

    def ready(self) -> str:
        """Why it cannot serve yet, "" once each source was tried or has versions from before."""
        waiting = [
            crawler.spec.name
            for crawler in self._crawlers
            if not crawler.standing.tried and not self._parts.store.record(crawler.spec.name).held
        ]
        return f"not looked at yet: {', '.join(waiting)}" if waiting else ""

    def problem(self) -> str:
        """Why nothing was read for so long, "" where something was."""
        crawlers = self._all()
        newest = max((one.standing.succeeded or self._began for one in crawlers), default=0.0)
        silence = self._parts.clock.monotonic() - newest
        if not crawlers or silence <= STALE_PERIODS * self._parts.rules.period:
            return ""
        return f"no source was read for {silence:.0f} s: {'; '.join(self.troubles())}"

    def troubles(self) -> list[str]:
        """What is wrong with which source, of a few."""
        found = [*self._read.problems, *self._of_pods.problems]
        found += [(one.spec.name, why) for one in self._all() if (why := one.standing.problem)]
        return [f"source {name}: {why}" for name, why in found[:SHOWN]]

    def names(self) -> frozenset[str]:
        """The sources that the manifest has, be it without versions."""
        return frozenset(one.spec.name for one in self._all()) | set(self._parts.store.records())

    def _all(self) -> list[Crawler]:
        return [*self._crawlers, *(one.crawler for one in self._of_pods.crawls())]

    def _show_problems(self) -> None:
        number = len(self._read.problems) + len(self._of_pods.problems)
        self._parts.metrics.problems.set(number)
