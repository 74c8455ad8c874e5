"""The breakers of one Service that read the pods' own pages, and when they judge.

They judge when a round of pages is complete, at most once in their evaluation period: a fixed beat
would find samples that are half an interval old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kubervisor.runtime.desk import Desk
from kubervisor.runtime.fetching import Answer
from kubervisor.runtime.rings import Rings
from kubervisor.runtime.scraping import Reader
from kubervisor.traffic.detector_policy import ScrapeRef, WithoutQueries
from kubervisor.traffic.model import Pod
from kubervisor.traffic.policy import BreakerPolicy

PATIENCE = 2.0
"""Intervals beyond its period after which a breaker judges although no round was complete."""


class Readers:
    """Used in the Breaker's steps; `wake` is called on other threads."""

    def __init__(self, desk: Desk, wake: Callable[[], None]) -> None:
        self._desk, self._wake = desk, wake
        self._readers: dict[BreakerPolicy, Reader] = {}

    def keep(self, breakers: Iterable[BreakerPolicy]) -> None:
        """Read for those of `breakers` that have no other source, and for nobody else."""
        wanted = set(breakers)
        for gone in self._readers.keys() - wanted:
            self._readers.pop(gone).closed = True
        for breaker in wanted - self._readers.keys():
            self._open(breaker)

    def patience(self, breaker: BreakerPolicy) -> float:
        """Seconds that the breaker waits for new samples beyond its period; 0 without pages."""
        reader = self._readers.get(breaker)
        return PATIENCE * reader.scrape.interval if reader else 0.0

    def now_due(self, due: Mapping[BreakerPolicy, float]) -> dict[BreakerPolicy, float]:
        """The breakers with new samples that have waited a period, with the present instant.

        `due` is when each would judge without new samples.
        """
        now = self._desk.shared.clock.monotonic()
        return {
            breaker: now
            for breaker, reader in self._readers.items()
            # A round may be early by as much as the one before was late.
            if reader.fresh
            and due[breaker] - self.patience(breaker) - reader.scrape.interval / 2 <= now
        }

    def ask(self, breaker: BreakerPolicy) -> Answer | None:
        """What the pages have shown, at once; None where the breaker has another source."""
        reader = self._readers.get(breaker)
        if reader is None:
            return None
        shared, key = self._desk.shared, self._desk.assignment.key
        now = shared.clock.monotonic()
        answer = Answer(
            str(reader.scrape), now, now, lambda _: shared.scraping.measurement(key, reader)
        )
        answer.run(PATIENCE)
        answer.done = True
        return answer

    def _open(self, breaker: BreakerPolicy) -> None:
        detector, desk = breaker.detector, self._desk
        if isinstance(detector, WithoutQueries) or not isinstance(detector.source, ScrapeRef):
            return
        rings = Rings(detector.queries, detector.pod_label, detector.source.interval)
        reader = self._readers[breaker] = Reader(
            detector.source, rings, self._members, told=self._wake, stopped=desk.stopped
        )
        desk.shared.scraping.add(desk.assignment.key, reader)

    def _members(self) -> tuple[Pod, ...]:
        assignment = self._desk.assignment
        return self._desk.shared.gatherer.members(assignment.key, dict(assignment.selector))
