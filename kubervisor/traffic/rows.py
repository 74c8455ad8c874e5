"""Which row of an answer is whose, by the pods' names: one answer's are mostly the last one's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TypeAlias

Place: TypeAlias = str | None
"""The namespace that labels say: "" where they say none, None where they say two."""

Known: TypeAlias = Mapping[Place, Mapping[str, int]]
"""Rows by place and name, in the order of their numbers."""

Naming: TypeAlias = Callable[[str, Place], str]
"""Makes one object of equal names of a place."""


def as_it_is(name: str, _: Place) -> str:
    """For whoever has no names to share."""
    return name


class Rows:
    """The rows of one place, numbered in the order in which their pods come.

    As long as they come as they did in the answer `before`, its rows are used, which nobody changes
    any more: to make 150,000 of them anew for each answer takes 10 MB and a tenth of a second.
    """

    __slots__ = ("_is_own", "_one", "_place", "count", "numbers")

    def __init__(self, place: Place, before: Mapping[str, int] | None, one: Naming) -> None:
        self.numbers: Mapping[str, int] = {} if before is None else before
        self.count = 0
        self._place, self._one = place, one
        self._is_own = before is None

    def admit(self, pod: str, numbers: list[int]) -> int:
        """The row of a pod that has none in this answer yet: `numbers` of ours has none for it, or
        one that is not below `count`. The list makes one object of equal numbers.
        """
        row = self.count
        if row == len(numbers):
            numbers.append(row)
        if self._is_own or self.numbers.get(pod) != row:
            self._own()[self._one(pod, self._place)] = numbers[row]
        self.count += 1
        return row

    def finished(self) -> Mapping[str, int]:
        """The rows of exactly the pods that came."""
        return self.numbers if self.count == len(self.numbers) else self._own()

    def _own(self) -> dict[str, int]:
        if self._is_own and isinstance(self.numbers, dict):
            return self.numbers
        own = dict(islice(self.numbers.items(), self.count))
        self.numbers, self._is_own = own, True
        return own
