"""The budget of one Service, minute by minute."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from kubervisor.ui.ring import STEPS_BACK

_MOST = 65_534
_UNKNOWN = 65_535


class Count(NamedTuple):
    """The numbers of the budget at the end of a minute."""

    members: int
    serving: int
    ejected: int
    paused: int
    floor: int
    cap: int


_WIDTH = len(Count._fields)


class Tally:
    """The counts of the last `limit` minutes, 12 bytes each; numbers above 65,534 are cut to it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clear()

    def _clear(self) -> None:
        self._numbers = array("H", [_UNKNOWN] * (_WIDTH * self._limit))
        self._newest = 0

    @property
    def nbytes(self) -> int:
        """What all of it takes, in bytes."""
        return self._numbers.itemsize * len(self._numbers) + 300

    def put(self, minute: int, count: Count) -> None:
        """Let `count` be that of `minute`; a minute that is past is left out."""
        if minute < self._newest - STEPS_BACK:
            self._clear()
        elif minute < self._newest:
            return
        first = max(self._newest + 1, minute - self._limit + 1)
        for skipped in range(first, minute):
            self._set(skipped, [_UNKNOWN] * _WIDTH)
        self._set(minute, [min(number, _MOST) for number in count])
        self._newest = minute

    def column(self, name: str, start: int, minutes: int) -> Iterator[int | None]:
        """One of the numbers, for `minutes` from `start` on; None where it is not known."""
        place = Count._fields.index(name)
        for minute in range(start, start + minutes):
            if not self._newest - self._limit < minute <= self._newest:
                yield None
                continue
            number = self._numbers[minute % self._limit * _WIDTH + place]
            yield None if number == _UNKNOWN else number

    def copy(self) -> Tally:
        """The same counts, for a reader."""
        other = Tally(self._limit)
        other._numbers, other._newest = self._numbers[:], self._newest
        return other

    def _set(self, minute: int, numbers: list[int]) -> None:
        at = minute % self._limit * _WIDTH
        self._numbers[at : at + _WIDTH] = array("H", numbers)
