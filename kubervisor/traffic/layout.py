"""How the samples of an answer are laid out, which the next answer to the same question mostly
repeats: then of each sample a value is read, and no label.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from kubervisor.traffic.rows import Known, Place, Rows

NEAR = 2000
"""By so many samples an answer may be ahead of the one before, or behind, to be found in it."""

Labels: TypeAlias = dict[str, str]


class Group:
    """Samples of one instant with equal labels, but for the pod's. `rows` are those of the pods of
    its place; `then` is the group of the sample that came after one of these, last time.
    """

    __slots__ = ("at", "labels", "number", "place", "rows", "then")

    def __init__(self, labels: Labels, at: float, number: int, place: Place, rows: Rows) -> None:
        self.labels, self.at, self.number, self.rows = labels, at, number, rows
        self.place, self.then = place, self


@dataclass(frozen=True, slots=True)
class Layout:
    """All of an answer but its values. `marks` has a number for each sample: where two are equal,
    so are the labels, and 0 is like no other.
    """

    marks: array[int] = field(default_factory=lambda: array("q"))
    group_of: array[int] = field(default_factory=lambda: array("I"))
    row_of: array[int] = field(default_factory=lambda: array("I"))
    groups: Sequence[Group] = ()
    rows: Known = field(default_factory=dict)


class New(NamedTuple):
    """Samples that follow one another: labels, which become the reader's, values and instants."""

    marks: array[int]
    samples: Iterable[tuple[Labels, float, float]]


class Again(NamedTuple):
    """Those that the answer before had too, from its number `start` on; all are of one instant."""

    marks: array[int]
    start: int
    values: array[float]
    at: float


class Follower:
    """Finds the pieces of an answer, which come one after the other, in the answer before."""

    def __init__(self, before: Layout) -> None:
        self._known, self._next = before.marks, 0

    @property
    def is_first(self) -> bool:
        """Whether there is none: then marks only help the one after the next, and are not made. The
        first answer is the one that everybody waits for.
        """
        return not self._known

    def find(self, marks: array[int]) -> int | None:
        """Where the samples with these marks were, None where they were not."""
        start = self._next
        if not self._is_at(start, marks):
            # Series came or went: what follows them is ahead or behind by a few.
            try:
                start = self._known.index(marks[0], max(0, start - NEAR), start + NEAR)
            except ValueError:
                self._next += len(marks)
                return None
        self._next = start + len(marks)
        return start if self._is_at(start, marks) else None

    def _is_at(self, start: int, marks: array[int]) -> bool:
        return self._known[start : start + len(marks)] == marks
