"""What the dashboard remembers of all Services: samples and budgets, within a number of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.largest import Largest
from kubervisor.ui.ring import Ring
from kubervisor.ui.tally import Tally

MINUTES = 60
MOST_BYTES = 12 * 2**20
"""Of the 16 MiB that all history may take; the rest is for what is told in words, see `lately`."""


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
        self._tallies = 0
        self._rings: Largest[tuple[ServiceKey, str]] = Largest()

    @property
    def nbytes(self) -> int:
        """What all of it takes, in bytes."""
        return self._tallies + self._rings.total

    def get(self, key: ServiceKey) -> Past | None:
        """What is kept of a Service."""
        return self._pasts.get(key)

    def begin(self, key: ServiceKey) -> Past:
        """What is kept of a Service, which may be nothing yet."""
        past = self._pasts.get(key)
        if past is None:
            past = self._pasts[key] = Past(Tally(self._minutes))
            self._tallies += past.tally.nbytes
        return past

    def ring(self, key: ServiceKey, breaker: str) -> Ring:
        """A breaker's ring, which may be new."""
        rings = self.begin(key).rings
        ring = rings.get(breaker)
        if ring is None:
            ring = rings[breaker] = Ring(self._minutes)
            self._rings.put((key, breaker), ring.nbytes)
        return ring

    def keep(self, key: ServiceKey, breakers: Iterable[str]) -> None:
        """Forget what belongs to breakers that the Service no longer has."""
        past = self._pasts.get(key)
        if past is None or past.rings.keys() <= (names := set(breakers)):
            return
        for gone in past.rings.keys() - names:
            self._drop(key, gone)

    def forget(self, key: ServiceKey) -> None:
        """The Service is gone."""
        past = self._pasts.get(key)
        if past is not None:
            for breaker in tuple(past.rings):
                self._drop(key, breaker)
            self._tallies -= past.tally.nbytes
            del self._pasts[key]

    def fit(self, key: ServiceKey, breaker: str) -> None:
        """That ring has changed; see to it that all fits again."""
        self._rings.put((key, breaker), self._pasts[key].rings[breaker].nbytes)
        while self.nbytes > self._most and self._rings.total:
            self._spare(*self._rings.largest())

    def _spare(self, key: ServiceKey, breaker: str) -> None:
        """Let that ring keep less."""
        ring = self._pasts[key].rings[breaker]
        if ring.limit == 1:
            self._drop(key, breaker)
            return
        ring.shorten()
        self._rings.put((key, breaker), ring.nbytes)

    def _drop(self, key: ServiceKey, breaker: str) -> None:
        del self._pasts[key].rings[breaker]
        self._rings.put((key, breaker), 0)
