"""The sources that pods set up by their annotations, for as long as one does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kubervisor.datarollout.repository.annotated import MOST, AllowPattern, choose
from kubervisor.datarollout.repository.crawler import Crawler
from kubervisor.datarollout.repository.crawling import Crawl
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.specs import SourceSpec
from kubervisor.errors import ApiError
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.logs import Log
from kubervisor.text import printable

AT_ONCE = 2
"""Sources of pods that are fetched at the same time: they never keep configured ones waiting."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What pods may set up: `read` says what they do (name, spec, pod), and raises ApiError."""

    read: Callable[[], list[tuple[str, str, str]]]
    patterns: Sequence[AllowPattern]
    local: bool = False


@dataclass(frozen=True, slots=True)
class _Taken:
    """A source that pods have set up by `text`; `unnamed_at` is since when none has any more."""

    text: str
    crawl: Crawl | None = None
    unnamed_at: float | None = None


class PodSources:
    """Used by one thread; `problems` and `crawls` may be read by any."""

    def __init__(
        self,
        annotations: Annotations | None,
        *,
        configured: frozenset[str],
        store: Store,
        crawler: Callable[[SourceSpec, str], Crawler],
        keep_seconds: float,
        clock: Clock,
        metrics: RepositoryMetrics,
        log: Log,
    ) -> None:
        """Without `annotations` there are none, and what was set up before stays as it is."""
        self._annotations, self._configured, self._store = annotations, configured, store
        self._crawler, self._keep_seconds = crawler, keep_seconds
        self._clock, self._metrics, self._log = clock, metrics, log
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._taken: Mapping[str, _Taken] = {
            name: _Taken(record.spec, unnamed_at=clock.monotonic())
            for name, record in store.records().items()
            if record.spec and name not in configured
        }
        self.problems: tuple[tuple[str, str], ...] = ()

    def crawls(self) -> list[Crawl]:
        """Those that go on."""
        crawls = [one.crawl for one in self._taken.values() if one.unnamed_at is None]
        return [crawl for crawl in crawls if crawl is not None]

    def look(self) -> None:
        """Begin and end what pods say; where they cannot be asked, all stays as it is."""
        if self._annotations is None:
            return
        try:
            named = self._annotations.read()
        except ApiError as error:
            self._tell((("of pods", f"they cannot be read: {error}"),))
            return
        chosen = choose(
            named,
            self._annotations.patterns,
            configured=self._configured,
            kept={name: one.text for name, one in self._taken.items()},
            local=self._annotations.local,
        )
        self._tell(chosen.problems)
        try:
            for name in {*self._taken, *chosen.sources}:
                one = self._settled(self._taken.get(name), chosen.sources.get(name))
                self._taken = {**self._taken, name: one}
            self._forget()
        except (OSError, RuntimeError) as error:  # no room on the disk, or for a thread
            self._tell((*chosen.problems, ("of pods", f"they cannot all be taken up: {error}")))

    def _settled(self, one: _Taken | None, wanted: tuple[str, SourceSpec] | None) -> _Taken:
        """What becomes of one name: two crawls of it are never under way together."""
        if wanted is None:
            assert one is not None
            if one.crawl is not None:
                one.crawl.end()
            is_news = one.unnamed_at is None
            return replace(one, unnamed_at=self._clock.monotonic()) if is_news else one
        text, spec = wanted
        crawl = one.crawl if one else None
        if one and crawl and one.text == text and not crawl.is_ending:
            return replace(one, unnamed_at=None)
        if crawl:
            crawl.end()
            if not crawl.has_ended():
                return _Taken(text, crawl)
        return _Taken(text, Crawl(self._crawler(spec, text), self._slots))

    def _forget(self) -> None:
        """Drop what no pod has set up for as long as versions stay, and the longest unnamed where
        there are too many.
        """
        now = self._clock.monotonic()
        unnamed = {
            n: one.unnamed_at for n, one in self._taken.items() if one.unnamed_at is not None
        }
        surplus = len(self._taken) - MOST
        for place, name in enumerate(sorted(unnamed, key=lambda name: unnamed[name])):
            crawl = self._taken[name].crawl
            is_old = place < surplus or now - unnamed[name] > self._keep_seconds
            if is_old and (crawl is None or crawl.has_ended()):
                self._store.forget(name)
                self._metrics.forget(name)
                self._taken = {n: one for n, one in self._taken.items() if n != name}
                self._log.info("Forgot a source that no pod sets up any more", source=name)

    def _tell(self, problems: tuple[tuple[str, str], ...]) -> None:
        for name, why in sorted(set(problems) - set(self.problems)):
            self._log.warning("Left out a source", source=name, why=printable(why))
        self.problems = problems
