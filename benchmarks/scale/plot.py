"""The plot of growth as SVG of a few kilobytes, readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from benchmarks.scale.growth import QUANTITIES, Quantity
from benchmarks.scale.measured import Measured

PATH = Path("docs/explanation/plots/growth.svg")
WIDTH, HEIGHT = 300, 190
LEFT, TOP, RIGHT, BOTTOM = 44, 30, 16, 36
"""Margins of a panel: numbers of the axis, title, half of the last number, numbers and words."""

STYLE = """
text { font: 11px sans-serif; fill: #444; }
.title { font-size: 12px; font-weight: bold; }
.grid { stroke: #8884; }
.linear { stroke: #8a949b; stroke-width: 1.5; stroke-dasharray: 5 4; }
.measured { stroke: #1f7a9c; stroke-width: 2; fill: none; }
.point { fill: #1f7a9c; }
@media (prefers-color-scheme: dark) {
  text { fill: #ccc; }
  .measured { stroke: #5bb8da; }
  .point { fill: #5bb8da; }
}
"""


def draw(least: Measured, runs: Sequence[Measured], path: Path = PATH) -> None:
    """Draw each quantity over the number of pods, beside a line through the first run.

    Runs that could not be ended are left out, of which the page tells.
    """
    ended = [run for run in runs if not run.problem]
    panels = [
        f'<g transform="translate({index % 2 * WIDTH},{index // 2 * HEIGHT})">\n'
        + "\n".join(_panel(quantity, least, ended))
        + "\n</g>"
        for index, quantity in enumerate(QUANTITIES)
        if ended
    ]
    size = f'viewBox="0 0 {2 * WIDTH} {2 * HEIGHT}" width="{2 * WIDTH}" height="{2 * HEIGHT}"'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n'
        + "\n".join(panels)
        + "\n</svg>\n",
        encoding="utf-8",
    )


def _panel(quantity: Quantity, least: Measured, runs: Sequence[Measured]) -> Iterator[str]:
    sizes, values = [run.pods / 1000 for run in runs], [quantity.of(run) for run in runs]
    constants = [quantity.constant(run, least) for run in runs]
    slope = max(0.0, values[0] - constants[0]) / sizes[0]
    line = [constant + slope * size for constant, size in zip(constants, sizes, strict=True)]
    right, top = _round_up(sizes[-1]), _round_up(max(*values, *line))

    def at(size: float, value: float) -> str:
        x = LEFT + size / right * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    yield f'<text class="title" x="{LEFT}" y="18">{escape(quantity.name)}, {quantity.unit}</text>'
    for part in (0.0, 0.5, 1.0):
        begin, y = at(0, part * top).split(",")
        yield f'<path class="grid" d="M{begin},{y}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{part * top:.3g}</text>'
        x, bottom = at(part * right, 0).split(",")
        yield f'<text x="{x}" y="{bottom}" dy="16" text-anchor="middle">{part * right:.3g}</text>'
    middle = (WIDTH + LEFT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">thousands of pods</text>'
    yield f'<path class="linear" d="M{at(sizes[0], line[0])}L{at(sizes[-1], line[-1])}"/>'
    points = [at(size, value) for size, value in zip(sizes, values, strict=True)]
    yield f'<polyline class="measured" points="{" ".join(points)}"/>'
    for point in points:
        x, y = point.split(",")
        yield f'<circle class="point" cx="{x}" cy="{y}" r="3.5"/>'


def _round_up(value: float) -> float:
    """The next number of at most one digit and a half, for the end of an axis.

    >>> _round_up(130), _round_up(7), _round_up(476)
    (150.0, 8.0, 500.0)
    """
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * part for part in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if power * part >= value)
