"""The generated part of docs/explanation/performance.md: what `make bench` measured of size.

Made of the figures alone, so that the page and the table of one run cannot differ.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.generated import Part
from benchmarks.table import amount

PAGE = Path("docs/explanation/performance.md")
_PART = Part(PAGE, "bench")
BEGIN, END, merged = _PART.begin, _PART.end, _PART.merged

NEEDED = ("crowd", "scale")
"""The benchmarks that the page shows."""
COLUMNS = (
    "memory",
    "processor",
    "LIST of pods",
    "all evaluated",
    "start → all guarded",
    "lateness, p99",
    "threads",
)
"""Quantities of a run on the stub that have a column of the wide table, as its rows call them."""
VERDICTS = {True: "met", False: "**missed**", None: ""}


def write(figures: Mapping[str, Sequence[Figure]], path: Path = PAGE) -> None:
    """Replace the generated part; `figures` are by benchmark, those of `NEEDED` among them."""
    parts = "\n\n".join(_parts(figures["crowd"], figures["scale"]))
    path.write_text(merged(path.read_text(encoding="utf-8"), parts), encoding="utf-8")


def _parts(crowd: Sequence[Figure], scale: Sequence[Figure]) -> Iterator[str]:
    yield (
        f"One run on {os.cpu_count()} cores with Python {platform.python_version()}; load at its "
        f"end {os.getloadavg()[0]:.1f}."
    )
    yield "### What is promised"
    yield _table([figure for figure in (*crowd, *scale) if figure.target is not None])
    yield "### Growth"
    yield "![memory, processor, start and lateness over the number of pods](plots/growth.svg)"
    yield "### Each run on the stub, and a program that is written first"
    yield _runs(scale)
    yield "### How many Services"
    yield _table([figure for figure in scale if figure.name.startswith("limit")])
    yield "### Reported without a promise, real cluster"
    yield _table([figure for figure in crowd if figure.target is None])


def _table(figures: Sequence[Figure]) -> str:
    head = "| figure | floor | at most | measured | |\n|---|---:|---:|---:|---|"
    return "\n".join((head, *map(_row, figures)))


def _row(figure: Figure) -> str:
    floor = "" if figure.floor is None else amount(figure.floor, figure.unit)
    target = "" if figure.target is None else amount(figure.target, figure.unit)
    measured = amount(figure.measured, figure.unit)
    return f"| {figure.name} | {floor} | {target} | {measured} | {VERDICTS[figure.met]} |"


def _runs(figures: Sequence[Figure]) -> str:
    """A row for each run that has a memory, with its floors in brackets."""
    cells: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        of, _, quantity = figure.name.partition(": ")
        cells.setdefault(of, {})[quantity] = figure
    head = " | ".join(("Services of pods", *COLUMNS))
    lines = [
        " | ".join((of, *(_cell(found.get(column)) for column in COLUMNS)))
        for of, found in cells.items()
        if "memory" in found
    ]
    rule = "|---" + "|---:" * len(COLUMNS) + "|"
    return "\n".join((f"| {head} |", rule, *(f"| {line} |" for line in lines)))


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    floor = "" if figure.floor is None else f" ({amount(figure.floor, '')})"
    return amount(figure.measured, figure.unit) + floor
