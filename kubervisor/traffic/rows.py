"""Which row of an answer is whose, by the pods' names: one answer's are mostly the last one's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Place: TypeAlias = str | None
"""The namespace that labels say: "" where they say none, None where they say two."""

Known: TypeAlias = Mapping[Place, dict[str, int]]
"""Rows by place and name, in the order of their numbers, which may leave some out."""

Naming: TypeAlias = Callable[[str, Place], str]
"""Makes one object of equal names of a place."""


def as_it_is(name: str, _: Place) -> str:
    """For whoever has no names to share."""
    return name


def extent(rows: dict[str, int]) -> int:
    """How many rows there are with those that are left out."""
    return next(reversed(rows.values()), -1) + 1


class Rows:
    """The rows of one place. A pod that the answer `before` had keeps its row, so nothing is made
    anew for it: 150,000 of them take 10 MB and a tenth of a second. Others get one behind those.
    """

    __slots__ = ("_is_own", "_one", "_place", "extent", "numbers")

    def __init__(self, place: Place, before: dict[str, int], one: Naming) -> None:
        self.numbers, self.extent = before, extent(before)
        self._place, self._one = place, one
        self._is_own = False

    def admit(self, pod: str, integers: list[int]) -> int:
        """The row of a pod that has none yet. `integers` makes one object of equal numbers, for all
        places.
        """
        if not self._is_own:
            self.numbers, self._is_own = self.numbers.copy(), True
        row, self.extent = self.extent, self.extent + 1
        integers.extend(range(len(integers), self.extent))
        self.numbers[self._one(pod, self._place)] = integers[row]
        return row

    def only(self, came: bytearray) -> dict[str, int]:
        """The rows of the pods that came: 1 stands at their numbers."""
        if came.count(1) == len(self.numbers):
            return self.numbers
        return {pod: row for pod, row in self.numbers.items() if came[row]}
