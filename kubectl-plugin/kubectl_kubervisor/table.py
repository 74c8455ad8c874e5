"""Tables as kubectl prints them: upper-case headers, columns three blanks apart, no rules."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor.text import coloured, printable

GAP = "   "
COLOURS = {
    "True": "green",
    "False": "red",
    "serving": "green",
    "ejected": "red",
    "paused": "yellow",
    "held": "yellow",
    "error": "red",
    "warning": "yellow",
}
"""Words that are coloured wherever a cell says just that."""


def render(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    show_headers: bool = True,
    colour: bool = False,
) -> str:
    """The table, without a newline at its end; cells are made printable here.

    >>> print(render(["NAME", "AGE"], [["web", "5m"]]))
    NAME   AGE
    web    5m
    """
    lines = [list(headers)] if show_headers else []
    lines += [[printable(cell) for cell in row] for row in rows]
    if not lines:
        return ""
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    return "\n".join(_line(line, widths, colour) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int], colour: bool) -> str:
    padded = [
        coloured(cell, COLOURS.get(cell, ""), colour) + " " * (width - len(cell))
        for cell, width in zip(cells, widths, strict=True)
    ]
    return GAP.join(padded).rstrip()
