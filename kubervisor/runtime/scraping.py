"""Reads the pods' own metrics pages, for breakers without a Prometheus.

Each Service has its round, once in the interval, at a phase of its own, so that Services are spread
over the interval; within a round its pods are read one after another by a few threads that all
Services share. Who waits for new samples is told when the round is complete.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol
from zlib import crc32

from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceError,
    SourceNotAllowed,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.crew import Crew
from kubervisor.runtime.rings import Rings
from kubervisor.sources.exposition import PageUnreadable
from kubervisor.sources.pages import PageRef
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic.detector_policy import ScrapeRef
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Pod, PodUid, ServiceKey

THREADS = 16
LONGEST_READ = 5.0
LONGEST_REST = 30.0
"""Seconds for which a pod that did not answer in time is left alone at most: each such read holds a
thread of all Services."""
IDLE = 30.0


class ReadPage(Protocol):
    """The samples of some metrics on a page, within `deadline` seconds; raises SourceError."""

    def __call__(
        self, page: PageRef, names: Collection[str], *, deadline: float
    ) -> list[tuple[bytes, float]]: ...


@dataclass(eq=False, slots=True)
class Reader:
    """One breaker that lives on the pages of its Service's pods.

    `members` are the pods to read; `told` is called when a round is complete, on a thread of the
    crew. `fresh` is True from then on until a measurement is taken. Nothing more is read for it
    once it is `closed`, or its Service `stopped`.
    """

    scrape: ScrapeRef
    rings: Rings
    members: Callable[[], Iterable[Pod]]
    told: Callable[[], None]
    stopped: threading.Event
    fresh: bool = False
    closed: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still asks."""
        return not (self.closed or self.stopped.is_set())


@dataclass(eq=False, slots=True)
class _Round:
    """The pages of one Service: who reads them, and how the round goes that is under way."""

    scrape: ScrapeRef
    due: float
    readers: list[Reader] = field(default_factory=list)
    began: float = 0.0
    completed: float | None = None
    told: bool = True
    pending: set[PodUid] = field(default_factory=set)
    problems: dict[PodUid, SourceError | None] = field(default_factory=dict)
    slow: dict[PodUid, int] = field(default_factory=dict)
    resting: dict[PodUid, float] = field(default_factory=dict)

    @property
    def limit(self) -> float:
        """Seconds that a page may take."""
        return min(self.scrape.interval, LONGEST_READ)

    @property
    def tell_at(self) -> float:
        """When the readers are told at the latest: whoever is late is late for himself only."""
        return self.began + self.limit / 2

    def forget_others(self, pods: Collection[PodUid]) -> None:
        """Forget what is known of pods but these."""
        for known in (self.problems, self.slow, self.resting):
            for gone in known.keys() - pods:
                del known[gone]


class Scraping:
    """All rounds of the process; `step` is called by a Loop, which `changed` wakes."""

    def __init__(self, read: ReadPage, *, clock: Clock) -> None:
        self._read_page, self._clock = read, clock
        self._crew = Crew("scrape", THREADS)
        self._lock = threading.Lock()
        self._rounds: dict[tuple[ServiceKey, ScrapeRef], _Round] = {}
        self.changed: Callable[[], None] = lambda: None

    def add(self, key: ServiceKey, reader: Reader) -> None:
        """Read the pages for `reader` too, until it is no longer wanted."""
        with self._lock:
            round_ = self._rounds.get((key, reader.scrape))
            if round_ is None:
                phase = crc32(str(key).encode()) / 2**32 * reader.scrape.interval
                now = self._clock.monotonic()
                round_ = _Round(reader.scrape, _next(now, reader.scrape.interval, phase))
                self._rounds[key, reader.scrape] = round_
            round_.readers.append(reader)
        self.changed()

    def measurement(self, key: ServiceKey, reader: Reader) -> Measurement:
        """What the pages have shown. Raises SourceError where no page can be read."""
        now = self._clock.monotonic()
        reader.fresh = False
        with self._lock:
            round_ = self._rounds.get((key, reader.scrape))
            if round_ is None or round_.completed is None:
                raise SourceTimeout(f"No round of {reader.scrape} is complete yet.")
            if now - round_.completed > 2 * round_.scrape.interval + LONGEST_READ:
                raise SourceTimeout(
                    f"The pages of {reader.scrape} were read {now - round_.completed:.0f} s ago: "
                    f"too many pods are read by this controller, or they answer too slowly."
                )
            problems = list(round_.problems.values())
        if problems and all(problems):
            raise next(filter(None, problems))
        return reader.rings.measurement(now=now, wall=self._clock.wall())

    def step(self) -> float:
        """Begin the rounds that are due; returns the seconds until the next one."""
        now = self._clock.monotonic()
        with self._lock:
            self._forget_unwanted()
            rounds = list(self._rounds.values())
        for round_ in rounds:
            if round_.due <= now:
                self._begin(round_, now)
            elif not round_.told and round_.tell_at <= now:
                self._tell(round_)
        upcoming = [round_.due if round_.told else round_.tell_at for round_ in rounds]
        return max(0.0, min(upcoming, default=now + IDLE) - self._clock.monotonic())

    def _forget_unwanted(self) -> None:
        for name, round_ in list(self._rounds.items()):
            round_.readers = [reader for reader in round_.readers if reader.is_wanted]
            if not round_.readers:
                del self._rounds[name]

    def _begin(self, round_: _Round, now: float) -> None:
        members = [pod for pod in round_.readers[0].members() if pod.phase == "Running"]
        uids = {pod.uid for pod in members}
        with self._lock:
            round_.began, round_.told = now, False
            # Missed rounds are skipped, never caught up.
            interval = round_.scrape.interval
            round_.due = max(round_.due + interval, now + interval / 2)
            round_.forget_others(uids)
            asked = [
                pod
                for pod in members
                if pod.uid not in round_.pending and round_.resting.get(pod.uid, 0.0) <= now
            ]
            round_.pending.update(pod.uid for pod in asked)
            readers = tuple(round_.readers)
        for reader in readers:
            reader.rings.keep(uids)
        names = frozenset[str]().union(*(reader.rings.names for reader in readers))
        for pod in asked:
            try:
                self._crew.submit(partial(self._read, round_, readers, pod, names))
            except RuntimeError as error:
                problem = SourceUnavailable(f"Pod {pod.name} was not asked: {error}.")
                self._done(round_, pod.uid, problem)
        if not asked:
            self._finish(round_)

    def _read(
        self, round_: _Round, readers: tuple[Reader, ...], pod: Pod, names: frozenset[str]
    ) -> None:
        problem: SourceError | None = None
        try:
            at = self._clock.monotonic()
            left = round_.began + round_.limit - at
            page = PageRef(pod.name, pod.address, round_.scrape.port, round_.scrape.path)
            if not pod.address:
                raise SourceNotAllowed(
                    f"Pod {pod.name} has no address of its own: pods on the host's network cannot "
                    f"be scraped."
                )
            if left <= 0:
                raise SourceUnavailable(f"{page.title} was not read: too many pages wait.")
            samples = self._read_page(page, names, deadline=left)
            for reader in readers:
                reader.rings.take(pod, samples, at)
        except SourceError as error:
            problem = error
        except PageUnreadable as error:
            problem = SourceAnswerUnusable(f"{page.title} is not readable: {error}.")
        except Exception as error:  # noqa: BLE001 - the thread is everybody's, and the round waits
            problem = SourceUnavailable(f"Pod {pod.name} was not read: {error!r:.160}.")
        traffic_metrics.PAGES.labels(problem.reason if problem else "Read").inc()
        self._done(round_, pod.uid, problem)

    def _done(self, round_: _Round, pod: PodUid, problem: SourceError | None) -> None:
        with self._lock:
            round_.pending.discard(pod)
            round_.problems[pod] = problem
            if isinstance(problem, SourceTimeout):
                times = round_.slow[pod] = round_.slow.get(pod, 0) + 1
                rest = min(LONGEST_REST, round_.scrape.interval * 2.0 ** min(times, 16))
                round_.resting[pod] = self._clock.monotonic() + rest
            else:
                round_.slow.pop(pod, None)
                round_.resting.pop(pod, None)
            complete = not round_.pending
        if complete:
            self._finish(round_)

    def _finish(self, round_: _Round) -> None:
        round_.completed = self._clock.monotonic()
        if not round_.told:
            self._tell(round_)

    def _tell(self, round_: _Round) -> None:
        round_.told = True
        round_.completed = self._clock.monotonic()
        for reader in tuple(round_.readers):
            reader.fresh = True
            reader.told()


def _next(now: float, interval: float, phase: float) -> float:
    """The first instant from `now` on that is `phase` after a whole multiple of `interval`."""
    return now + (phase - now) % interval
