"""The table at the end of a run, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Figure

HEADINGS = ("figure", "floor", "target", "measured", "n", "")
_VERDICTS = {True: "met", False: "MISSED", None: ""}


def render(figures: Sequence[Figure]) -> str:
    """One aligned line for each figure, under headings."""
    rows = [HEADINGS, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        "" if figure.floor is None else amount(figure.floor, figure.unit),
        "" if figure.target is None else "≤ " + amount(figure.target, figure.unit),
        amount(figure.measured, figure.unit),
        str(figure.samples),
        _VERDICTS[figure.met],
    )


def amount(value: float, unit: str) -> str:
    """Three significant digits, and every digit before the point.

    >>> amount(1234.5, "ms"), amount(0.01234, "s")
    ('1234 ms', '0.0123 s')
    """
    digits = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *cells = (
        cell.ljust(width) if column in (0, len(widths) - 1) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((name, *cells)).rstrip()


def as_json(figures: Sequence[Figure], *, quick: bool) -> str:
    """The figures with what is needed to compare them with another run's."""
    run = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        "cpus": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "figures": [asdict(figure) | {"met": figure.met} for figure in figures],
    }
    return json.dumps(run, indent=1, ensure_ascii=False) + "\n"


def write_json(path: Path, figures: Sequence[Figure], *, quick: bool) -> None:
    """Write `as_json` to `path`, whose folder is made where it is absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_json(figures, quick=quick))
