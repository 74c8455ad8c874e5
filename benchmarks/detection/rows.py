"""Rows of the table of figures: a target, what was measured, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WORDS = {True: "met", False: "**missed**", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """`met` is None where the figure is reported without a bar."""

    name: str
    target: str
    measured: str
    met: bool | None = None


def at_least(name: str, value: float, bar: float, *, shown: str = "") -> Row:
    """A share, a percentage or a count that must reach `bar`."""
    return Row(name, f"≥ {bar:g}", shown or number(value), value >= bar)


def at_most(name: str, value: float, bar: float, unit: str = "", *, shown: str = "") -> Row:
    """A time or a count that must not exceed `bar`."""
    measured = shown or f"{number(value)} {unit}".strip()
    return Row(name, f"≤ {bar:g} {unit}".strip(), measured, value <= bar)


def number(value: float) -> str:
    """Three significant digits, plain notation.

    >>> number(0.98765), number(1234.5), number(float("inf"))
    ('0.988', '1234', 'never')
    """
    if value == float("inf"):
        return "never"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; the first column is text, the others numbers."""
    head = "| " + " | ".join(headings) + " |"
    rule = "|---" + "|---:" * (len(headings) - 1) + "|"
    return "\n".join([head, rule, *("| " + " | ".join(line) + " |" for line in lines)])


def figures_table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    headings = ("figure", "target", "measured", "")
    return markdown(headings, [(r.name, r.target, r.measured, WORDS[r.met]) for r in rows])


def plain(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    width = max(len(row.name) for row in rows)
    bars = max(len(row.target) for row in rows)
    return "\n".join(
        f"{row.name:<{width}}  {row.target:>{bars}}  {WORDS[row.met].strip('*'):<6}  {row.measured}"
        for row in rows
    )
