"""Cells in rows and columns, as bytes.

Bytes rather than numbers: a cell of 9 bytes would be 40 as objects, and who only guards a fleet
should not have to load numpy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan, nan
from struct import Struct
from typing import NamedTuple

_CELL = Struct("<feeB")
_SIZE = _CELL.size
_BLANK = _CELL.pack(nan, nan, nan, 0)
LARGEST_SINGLE, LARGEST_HALF = 3e38, 65_504.0


class Cell(NamedTuple):
    """One pod in one minute; NaN where there is no number. `judged` and `traffic` are places in
    `ring.JUDGED` and `ring.TRAFFIC`. Kept as single (`value`) and half precision: `events` ends at
    65,504.
    """

    value: float
    events: float
    margin: float
    judged: int
    traffic: int


class Grid:
    """`rows` by `width` cells, all blank at first."""

    def __init__(self, rows: int, width: int = 0) -> None:
        self.rows, self.width = rows, width
        self._cells = bytearray(_BLANK * (rows * width))

    @property
    def nbytes(self) -> int:
        """What the cells take, in bytes."""
        return len(self._cells)

    def set(self, row: int, column: int, cell: Cell) -> None:
        """Let `cell` be that one."""
        value, events, margin, judged, traffic = cell
        _CELL.pack_into(
            self._cells,
            (row * self.width + column) * _SIZE,
            bounded(value, LARGEST_SINGLE),
            bounded(events, LARGEST_HALF),
            bounded(margin, LARGEST_HALF),
            judged | traffic << 2,
        )

    def get(self, row: int, column: int) -> Cell:
        """The cell there."""
        at = (row * self.width + column) * _SIZE
        value, events, margin, state = _CELL.unpack_from(self._cells, at)
        return Cell(value, events, margin, state & 3, state >> 2)

    def blank(self, row: int) -> None:
        """Empty a row."""
        size = self.width * _SIZE
        self._cells[row * size : (row + 1) * size] = _BLANK * self.width

    def laid(self, rows: int, width: int, moved: Iterable[tuple[int, int]]) -> Grid:
        """Another grid, into which rows of this one were `moved` (from where, to where)."""
        other, size = Grid(rows, width), self.width * _SIZE
        for old, new in moved:
            at = new * width * _SIZE
            other._cells[at : at + size] = self._cells[old * size : (old + 1) * size]
        return other

    def narrowed(self, columns: Sequence[int]) -> Grid:
        """Another grid, of these columns only."""
        other, cells, width = Grid(self.rows), memoryview(self._cells), self.width
        other.width = len(columns)
        other._cells = bytearray().join(
            cells[(row * width + column) * _SIZE : (row * width + column + 1) * _SIZE]
            for row in range(self.rows)
            for column in columns
        )
        return other

    def copy(self) -> Grid:
        """The same cells, for a reader who takes his time."""
        other = Grid(self.rows)
        other.width, other._cells = self.width, self._cells[:]
        return other


def bounded(number: float, most: float) -> float:
    """`number` within what its precision can hold; NaN stays NaN."""
    return number if isnan(number) else max(-most, min(number, most))
