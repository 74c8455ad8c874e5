"""What the dashboard remembers of all Services: samples and budgets, within a number of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.ring import Ring
from kubervisor.ui.tally import Tally

MINUTES = 60
MOST_BYTES = 12 * 2**20
"""Of the 16 MiB that all history may take; the rest is for what is told in words, see `lately`."""
SLACK = 64
"""Entries of sizes that rings had before, until they are looked through."""


@dataclass(slots=True)
class Past:
    """One Service's: a ring for each breaker, and the budget."""

    tally: Tally
    rings: dict[str, Ring] = field(default_factory=dict)


class History:
    """Not thread-safe. Whoever changes a ring calls `fit` afterwards.

    Beyond `most_bytes` the largest ring keeps half as many minutes, again and again: a thousand
    small Services keep their hour, and a huge one pays for itself.
    """

    def __init__(self, *, minutes: int = MINUTES, most_bytes: int = MOST_BYTES) -> None:
        self._minutes, self._most = minutes, most_bytes
        self._pasts: dict[ServiceKey, Past] = {}
        self._bytes = 0
        # Sizes, the largest first; each ring has its own, and perhaps some that it had before.
        self._largest: list[tuple[int, ServiceKey, str]] = []
        self._tidy_at = SLACK

    @property
    def nbytes(self) -> int:
        """What all of it takes, in bytes."""
        return self._bytes

    def get(self, key: ServiceKey) -> Past | None:
        """What is kept of a Service."""
        return self._pasts.get(key)

    def begin(self, key: ServiceKey) -> Past:
        """What is kept of a Service, which may be nothing yet."""
        past = self._pasts.get(key)
        if past is None:
            past = self._pasts[key] = Past(Tally(self._minutes))
            self._bytes += past.tally.nbytes
        return past

    def ring(self, key: ServiceKey, breaker: str) -> Ring:
        """A breaker's ring, which may be new."""
        rings = self.begin(key).rings
        ring = rings.get(breaker)
        if ring is None:
            ring = rings[breaker] = Ring(self._minutes)
            self._bytes += ring.nbytes
            heappush(self._largest, (-ring.nbytes, key, breaker))
        return ring

    def keep(self, key: ServiceKey, breakers: Iterable[str]) -> None:
        """Forget what belongs to breakers that the Service no longer has."""
        past = self._pasts.get(key)
        if past is None or past.rings.keys() <= (names := set(breakers)):
            return
        for gone in past.rings.keys() - names:
            self._bytes -= past.rings.pop(gone).nbytes

    def forget(self, key: ServiceKey) -> None:
        """The Service is gone."""
        past = self._pasts.pop(key, None)
        if past is not None:
            self._bytes -= past.tally.nbytes + sum(ring.nbytes for ring in past.rings.values())

    def fit(self, key: ServiceKey, breaker: str, before: int) -> None:
        """That ring took `before` bytes until now; see to it that all fits again."""
        size = self._pasts[key].rings[breaker].nbytes
        self._bytes += size - before
        if size != before:
            heappush(self._largest, (-size, key, breaker))
        while self._bytes > self._most and self._largest:
            self._spare()
        if len(self._largest) > self._tidy_at:
            self._largest = [entry for entry in set(self._largest) if self._holds(entry)]
            heapify(self._largest)
            self._tidy_at = 2 * len(self._largest) + SLACK

    def _spare(self) -> None:
        """Let the largest ring keep less."""
        entry = heappop(self._largest)
        if not self._holds(entry):
            return
        size, key, breaker = -entry[0], *entry[1:]
        rings = self._pasts[key].rings
        if rings[breaker].limit > 1:
            rings[breaker].shorten()
            left = rings[breaker].nbytes
            heappush(self._largest, (-left, key, breaker))
        else:
            del rings[breaker]
            left = 0
        self._bytes += left - size

    def _holds(self, entry: tuple[int, ServiceKey, str]) -> bool:
        """Whether that ring is still as large as it was when the entry was made."""
        size, key, breaker = entry
        past = self._pasts.get(key)
        ring = past.rings.get(breaker) if past else None
        return ring is not None and ring.nbytes == -size
