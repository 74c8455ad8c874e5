"""The samples of one breaker: a row for each minute, a column for each pod, in a ring of bytes.

Bytes rather than numbers: a cell of 9 bytes would be 40 as objects, and who only guards a fleet
should not have to load numpy.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from math import isnan, nan
from struct import Struct
from typing import NamedTuple

JUDGED = ".foi"
"""By number: no sample, fine, outlier, inconclusive."""
TRAFFIC = ".sweph"
"""By number: no sample, serving, waiting to be Ready, ejected, paused, and held by hand."""

FEWEST_ROWS = 4
STEPS_BACK = 1
"""Minutes by which a clock may step back without making what is kept a lie; it is set right by
fractions of a second all the time.
"""

_CELL = Struct("<feeB")
_LINE = Struct("<ff")
_BLANK_CELL, _BLANK_LINE = _CELL.pack(nan, nan, nan, 0), _LINE.pack(nan, nan)
_LARGEST_SINGLE, _LARGEST_HALF = 3e38, 65_504.0
_COLUMN_BYTES, _RING_BYTES = 155, 700
"""What the interpreter takes for a column (a key, an entry of a dict) and for a ring, roughly."""


class Cell(NamedTuple):
    """One pod in one minute; NaN where there is no number. `judged` and `traffic` are places in
    JUDGED and TRAFFIC. Kept as single (`value`) and half precision: `events` ends at 65,504.
    """

    value: float
    events: float
    margin: float
    judged: int
    traffic: int


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
        self._columns: dict[PodId, int] = {}
        self._free: list[int] = []
        self._seen = array("q")  # the newest minute of each column
        self._rows = min(FEWEST_ROWS, self.limit)
        self._cells, self._lines = bytearray(), bytearray(_BLANK_LINE * self._rows)
        self._oldest = self._newest = 0

    @property
    def nbytes(self) -> int:
        """What all of it takes, in bytes."""
        return (
            len(self._cells) + len(self._lines) + _COLUMN_BYTES * len(self._columns) + _RING_BYTES
        )

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
        return tuple(self._columns)

    def put(
        self,
        minute: int,
        pods: Sequence[PodId],
        cells: Sequence[Cell],
        *,
        baseline: float,
        threshold: float,
    ) -> None:
        """Let these be the samples of `minute`; those of a minute that is past are left out."""
        if not self._advance(minute):
            return
        self._admit(pods, minute)
        row, width = minute % self._rows, len(self._seen)
        for pod, cell in zip(pods, cells, strict=True):
            _pack(self._cells, row * width + self._columns[pod], cell)
        line = (baseline, threshold)
        _LINE.pack_into(
            self._lines, row * _LINE.size, *[_bounded(n, _LARGEST_SINGLE) for n in line]
        )

    def amend(self, pod: PodId, cell: Cell) -> None:
        """Let `cell` take the place of the pod's sample of the newest minute, if it has one."""
        column = self._columns.get(pod)
        if column is not None and self._seen[column] == self._newest:
            _pack(self._cells, self._newest % self._rows * len(self._seen) + column, cell)

    def column(self, pod: PodId, *, newest: int | None = None) -> Iterator[Cell]:
        """One pod's samples, oldest minute first; or its `newest` ones."""
        column, width = self._columns[pod], len(self._seen)
        end = self._oldest + self.minutes
        start = self._oldest if newest is None else max(self._oldest, end - newest)
        for minute in range(start, end):
            at = (minute % self._rows * width + column) * _CELL.size
            value, events, margin, state = _CELL.unpack_from(self._cells, at)
            yield Cell(value, events, margin, state & 3, state >> 2)

    def lines(self) -> Iterator[tuple[float, float]]:
        """Baseline and threshold of each minute, oldest first."""
        for minute in range(self._oldest, self._oldest + self.minutes):
            baseline, threshold = _LINE.unpack_from(self._lines, minute % self._rows * _LINE.size)
            yield baseline, threshold

    def shorten(self) -> None:
        """Keep half as many minutes from now on, the newest. It lays out anew only what it must:
        all Breakers wait meanwhile.
        """
        self.limit = max(1, self.limit // 2)
        if self._newest:
            self._oldest = max(self._oldest, self._newest - self.limit + 1)
        if self._rows > self.limit:
            self._lay(self.limit, len(self._seen))
        self._retire()
        if self._free:
            self._narrow()

    def copy(self) -> Ring:
        """The same samples, for a reader who takes his time."""
        other = Ring(self.limit)
        other._columns, other._free = self._columns.copy(), self._free.copy()
        other._seen, other._rows = self._seen[:], self._rows
        other._cells, other._lines = self._cells[:], self._lines[:]
        other._oldest, other._newest = self._oldest, self._newest
        return other

    def _advance(self, minute: int) -> bool:
        """Make `minute` the newest one; False where it is past."""
        if minute < self._newest - STEPS_BACK:
            self._clear()
        elif minute < self._newest:
            return False
        if not self._newest or minute - self._newest >= self.limit:
            self._oldest = minute
        self._oldest = max(self._oldest, minute - self.limit + 1)
        if minute - self._oldest >= self._rows:
            needed = max(2 * self._rows, minute - self._oldest + 1)
            self._lay(min(self.limit, needed), len(self._seen))
        for skipped in range(max(self._newest + 1, minute - self._rows + 1), minute + 1):
            self._blank(skipped % self._rows)
        self._newest = minute
        return True

    def _blank(self, row: int) -> None:
        width = len(self._seen) * _CELL.size
        self._cells[row * width : (row + 1) * width] = _BLANK_CELL * len(self._seen)
        self._lines[row * _LINE.size : (row + 1) * _LINE.size] = _BLANK_LINE

    def _admit(self, pods: Sequence[PodId], minute: int) -> None:
        """See to it that each of `pods` has a column: that of one whose samples are all gone, or a
        new one.
        """
        new = []
        for pod in pods:
            column = self._columns.get(pod)
            if column is None:
                new.append(pod)
            else:
                self._seen[column] = minute
        if not new:
            return
        self._retire()
        missing = len(new) - len(self._free)
        if missing > 0:
            width = len(self._seen)
            self._lay(self._rows, width + missing)
            self._free += range(width, width + missing)
        for pod in new:
            column = self._columns[pod] = self._free.pop()
            self._seen[column] = minute

    def _retire(self) -> None:
        """Free the columns of pods whose samples are all gone."""
        for pod, column in list(self._columns.items()):
            if self._seen[column] < self._oldest:
                del self._columns[pod]
                self._free.append(column)

    def _narrow(self) -> None:
        """Give the free columns back."""
        kept = sorted(self._columns.items(), key=lambda entry: entry[1])
        cells = memoryview(self._cells)
        width, size = len(self._seen), _CELL.size
        self._cells = bytearray().join(
            cells[(row * width + column) * size : (row * width + column + 1) * size]
            for row in range(self._rows)
            for _, column in kept
        )
        self._seen = array("q", [self._seen[column] for _, column in kept])
        self._columns = {pod: number for number, (pod, _) in enumerate(kept)}
        self._free = []

    def _lay(self, rows: int, width: int) -> None:
        """Lay the minutes that are kept out anew, in so many rows and columns."""
        old_width = len(self._seen)
        cells = bytearray(_BLANK_CELL * (rows * width))
        lines = bytearray(_BLANK_LINE * rows)
        line, row = _LINE.size, old_width * _CELL.size
        for minute in range(self._oldest, self._oldest + self.minutes):
            old, new = minute % self._rows, minute % rows
            lines[new * line : (new + 1) * line] = self._lines[old * line : (old + 1) * line]
            at = new * width * _CELL.size
            cells[at : at + row] = self._cells[old * row : (old + 1) * row]
        self._cells, self._lines, self._rows = cells, lines, rows
        self._seen.extend([0] * (width - old_width))


def _pack(cells: bytearray, place: int, cell: Cell) -> None:
    _CELL.pack_into(
        cells,
        place * _CELL.size,
        _bounded(cell.value, _LARGEST_SINGLE),
        _bounded(cell.events, _LARGEST_HALF),
        _bounded(cell.margin, _LARGEST_HALF),
        cell.judged | cell.traffic << 2,
    )


def _bounded(number: float, most: float) -> float:
    """`number` within what its precision can hold; NaN stays NaN."""
    return number if isnan(number) else max(-most, min(number, most))
