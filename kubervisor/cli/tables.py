"""Tables of text, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "   "


def table_of(rows: Sequence[Sequence[str]], gap: str = GAP) -> str:
    """One line for each of `rows`, the first of which are the headers; no line break at the end."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
