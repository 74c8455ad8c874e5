"""The samples of one breaker: a row for each minute, a column for each pod, in a ring."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from math import nan
from struct import Struct
from typing import NamedTuple, Protocol

from kubervisor.ui.grid import LARGEST_SINGLE, Cell, Grid, bounded

JUDGED = ".foi"
"""By number: no sample, fine, outlier, inconclusive."""
TRAFFIC = ".sweph"
"""By number: no sample, serving, waiting to be Ready, ejected, paused, and held by hand."""

FEWEST_ROWS = 2
STEPS_BACK = 1
"""Minutes by which a clock may step back without making what is kept a lie; it is set right by
fractions of a second all the time.
"""

_LINE = Struct("<ff")
_BLANK_LINE = _LINE.pack(nan, nan)
_COLUMN_BYTES, _RING_BYTES = 24, 900
"""What a column takes beside its cells (uid and name are the cache's own), and what the interpreter
takes for a ring, roughly.
"""


class Whose(Protocol):
    """A pod, as far as a ring knows it."""

    @property
    def uid(self) -> str:
        """What tells it from one of the same name."""

    @property
    def name(self) -> str:
        """What people call it."""


class PodId(NamedTuple):
    """Whose a column is."""

    uid: str
    name: str


class Ring:
    """Samples of at most `limit` minutes (whole minutes since 1970); older ones make room.

    >>> ring = Ring(60)
    >>> ring.put(7, [PodId("u", "web-1")], [Cell(0.5, 10, nan, 1, 1)], baseline=0.4, threshold=3.4)
    >>> ring.start, ring.minutes, [cell.value for cell in ring.column(PodId("u", "web-1"))]
    (7, 1, [0.5])
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._clear()

    def _clear(self) -> None:
        self._uids, self._names = list[str](), list[str]()  # by column, as is what follows
        self._seen = array("I")  # the newest minute
        self._free: list[int] = []
        self._pods: Sequence[Whose] = ()  # as they were put last, and the columns of them
        self._places = array("I")
        self._cells = Grid(min(FEWEST_ROWS, self.limit))
        self._lines = bytearray(_BLANK_LINE * self._cells.rows)
        self._oldest = self._newest = 0

    @property
    def nbytes(self) -> int:
        """What all of it takes, in bytes."""
        columns = _COLUMN_BYTES * len(self._seen)
        return self._cells.nbytes + len(self._lines) + columns + _RING_BYTES

    @property
    def start(self) -> int:
        """The oldest minute that is kept; 0 where none is."""
        return self._oldest

    @property
    def minutes(self) -> int:
        """How many minutes are kept, those without a sample in between too."""
        return self._newest - self._oldest + 1 if self._newest else 0

    @property
    def pods(self) -> tuple[PodId, ...]:
        """Whose samples are kept."""
        return tuple(PodId(self._uids[place], self._names[place]) for place in self._taken())

    def put(
        self,
        minute: int,
        pods: Sequence[Whose],
        cells: Sequence[Cell],
        *,
        baseline: float,
        threshold: float,
    ) -> None:
        """Let these be the samples of `minute`; those of a minute that is past are left out. Pods
        that are the same object as the last time are not looked at again.
        """
        if not self._advance(minute):
            return
        if pods is not self._pods:
            self._admit(pods)
        row = minute % self._cells.rows
        for place, cell in zip(self._places, cells, strict=True):
            self._seen[place] = minute
            self._cells.set(row, place, cell)
        line = (bounded(baseline, LARGEST_SINGLE), bounded(threshold, LARGEST_SINGLE))
        _LINE.pack_into(self._lines, row * _LINE.size, *line)

    def amend(self, pod: Whose, cell: Cell) -> None:
        """Let `cell` take the place of the pod's sample of the newest minute, if it has one."""
        place = self._uids.index(pod.uid) if pod.uid in self._uids else None
        if place is not None and self._seen[place] == self._newest:
            self._cells.set(self._newest % self._cells.rows, place, cell)

    def columns(self, *, newest: int | None = None) -> Iterator[tuple[PodId, list[Cell]]]:
        """Each pod's samples, oldest minute first; or its `newest` ones."""
        for place in self._taken():
            pod = PodId(self._uids[place], self._names[place])
            yield pod, [self._cells.get(row, place) for row in self._rows(newest)]

    def column(self, pod: Whose, *, newest: int | None = None) -> list[Cell]:
        """One pod's."""
        place = self._uids.index(pod.uid)
        return [self._cells.get(row, place) for row in self._rows(newest)]

    def lines(self) -> Iterator[tuple[float, float]]:
        """Baseline and threshold of each minute, oldest first."""
        for row in self._rows(None):
            baseline, threshold = _LINE.unpack_from(self._lines, row * _LINE.size)
            yield baseline, threshold

    def shorten(self) -> None:
        """Keep half as many minutes from now on, the newest. It lays out anew only what it must:
        all Breakers wait meanwhile.
        """
        self.limit = max(1, self.limit // 2)
        if self._newest:
            self._oldest = max(self._oldest, self._newest - self.limit + 1)
        if self._cells.rows > self.limit:
            self._lay(self.limit, self._cells.width)
        self._retire()
        if self._free:
            self._narrow()

    def copy(self) -> Ring:
        """The same samples, for a reader who takes his time."""
        other = Ring(self.limit)
        other._uids, other._names, other._seen = self._uids[:], self._names[:], self._seen[:]
        other._free = self._free[:]
        other._cells, other._lines = self._cells.copy(), self._lines[:]
        other._oldest, other._newest = self._oldest, self._newest
        return other

    def _rows(self, newest: int | None) -> Iterator[int]:
        """The rows of the newest minutes, of all where None."""
        end = self._oldest + self.minutes
        start = self._oldest if newest is None else max(self._oldest, end - newest)
        return (minute % self._cells.rows for minute in range(start, end))

    def _taken(self) -> list[int]:
        """The columns that are somebody's."""
        free = set(self._free)
        return [place for place in range(len(self._uids)) if place not in free]

    def _advance(self, minute: int) -> bool:
        """Make `minute` the newest one; False where it is past."""
        if minute < self._newest - STEPS_BACK:
            self._clear()
        elif minute < self._newest:
            return False
        if not self._newest or minute - self._newest >= self.limit:
            self._oldest = minute
        self._oldest = max(self._oldest, minute - self.limit + 1)
        rows = self._cells.rows
        if minute - self._oldest >= rows:
            needed = max(2 * rows, minute - self._oldest + 1)
            rows = min(self.limit, needed)
            self._lay(rows, self._cells.width)
        for skipped in range(max(self._newest + 1, minute - rows + 1), minute + 1):
            row = skipped % rows
            self._cells.blank(row)
            self._lines[row * _LINE.size : (row + 1) * _LINE.size] = _BLANK_LINE
        self._newest = minute
        return True

    def _admit(self, pods: Sequence[Whose]) -> None:
        """See to it that each of `pods` has a column: that of one whose samples are all gone, or a
        new one.
        """
        known = {self._uids[place]: place for place in self._taken()}
        for pod in pods:
            if (place := known.get(pod.uid)) is not None:
                self._seen[place] = self._newest  # not to be retired
        new = [pod for pod in pods if pod.uid not in known]
        if new:
            self._retire()
            self._widen(len(new) - len(self._free))
        for pod in new:
            place = known[pod.uid] = self._free.pop()
            self._uids[place], self._names[place] = pod.uid, pod.name
        self._pods, self._places = pods, array("I", [known[pod.uid] for pod in pods])

    def _widen(self, more: int) -> None:
        if more <= 0:
            return
        width = self._cells.width
        self._lay(self._cells.rows, width + more)
        self._free += range(width, width + more)
        self._seen.extend([0] * more)
        self._uids += [""] * more
        self._names += [""] * more

    def _retire(self) -> None:
        """Free the columns of pods whose samples are all gone."""
        for place in self._taken():
            if self._seen[place] < self._oldest:
                self._uids[place] = ""
                self._free.append(place)

    def _narrow(self) -> None:
        """Give the free columns back."""
        kept = self._taken()
        self._cells = self._cells.narrowed(kept)
        self._uids, self._names = [self._uids[p] for p in kept], [self._names[p] for p in kept]
        self._seen = array("I", [self._seen[place] for place in kept])
        self._free, self._pods = [], ()

    def _lay(self, rows: int, width: int) -> None:
        """Lay the minutes that are kept out anew, in so many rows and columns."""
        minutes = range(self._oldest, self._oldest + self.minutes)
        moved = [(minute % self._cells.rows, minute % rows) for minute in minutes]
        lines, size = bytearray(_BLANK_LINE * rows), _LINE.size
        for old, new in moved:
            lines[new * size : (new + 1) * size] = self._lines[old * size : (old + 1) * size]
        self._cells, self._lines = self._cells.laid(rows, width, moved), lines
