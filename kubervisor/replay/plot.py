"""One breaker's values over the time, as SVG: the pods that were outliers, and the band of the
others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from kubervisor.replay.backtest import Result
from kubervisor.replay.curves import Curves
from kubervisor.replay.instants import rfc3339
from kubervisor.replay.markup import Markup, element, fragment
from kubervisor.replay.pages import Stretch
from kubervisor.replay.timeline import Entry
from kubervisor.sources.history import Array

WIDTH, HEIGHT = 720.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 8.0, 22.0, 30.0
COLOURS = 8
"""How many pods have a line of their own; the page's style gives each a colour."""
TICKS = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Where instants and values are in the picture."""

    stretch: Stretch
    lowest: float
    highest: float

    def x(self, at: float) -> float:
        """The place of an instant."""
        share = (at - self.stretch.start) / (self.stretch.end - self.stretch.start)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """The place of a value."""
        share = (value - self.lowest) / (self.highest - self.lowest)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def shown_pods(happened: Iterable[Entry], curves: Curves) -> tuple[str, ...]:
    """The pods with a line of their own: those of which there is most to tell."""
    counts: dict[str, int] = {}
    for entry in happened:
        if entry.pod in curves.pods:
            counts[entry.pod] = counts.get(entry.pod, 0) + 1
    return tuple(sorted(counts, key=lambda pod: (-counts[pod], pod))[:COLOURS])


def plot(result: Result, breaker: str, happened: Sequence[Entry]) -> Markup:
    """The picture of one breaker, with what happened by it."""
    curves = result.curves[breaker]
    shown = shown_pods(happened, curves)
    lowest, highest = curves.band(shown)
    scale = _scale(curves)
    part = (result.stretch.end - result.stretch.start) / curves.buckets
    times = result.stretch.start + (np.arange(curves.buckets, dtype=np.float64) + 0.5) * part
    lines = [
        element("path", d=_line(scale, times, curves.pods[pod]), class_=f"line pod{number}")
        for number, pod in enumerate(shown)
    ]
    return element(
        "svg",
        element("title", f"Values of breaker {breaker} over time"),
        *_panics(scale, happened),
        *_axes(scale, curves.unit),
        element("path", d=_band(scale, times, lowest, highest), class_="band"),
        *lines,
        *(_mark(scale, entry, shown) for entry in happened if entry.what != "panic"),
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
    )


def _scale(curves: Curves) -> Scale:
    stacked = np.concatenate(list(curves.pods.values())) if curves.pods else np.zeros(1)
    finite = stacked[np.isfinite(stacked)]
    lowest = min(0.0, float(finite.min())) if len(finite) else 0.0
    highest = max(0.0, float(finite.max())) if len(finite) else 1.0
    room = 0.08 * (highest - lowest) or 1.0  # for the marks
    return Scale(curves.stretch, lowest, highest + room)


def _line(scale: Scale, times: Array, values: Array) -> str:
    """Drawn where there are values; a gap is a gap, a lone value a dot."""
    parts = []
    for run in _runs(np.isfinite(values)):
        points = [f"{scale.x(times[i]):.1f} {scale.y(values[i]):.1f}" for i in run]
        parts.append("M" + "L".join(points if len(points) > 1 else points * 2))
    return "".join(parts)


def _band(scale: Scale, times: Array, lowest: Array, highest: Array) -> str:
    parts = []
    for run in _runs(np.isfinite(lowest) & np.isfinite(highest)):
        there = [f"{scale.x(times[i]):.1f} {scale.y(highest[i]) - 0.5:.1f}" for i in run]
        back = [f"{scale.x(times[i]):.1f} {scale.y(lowest[i]) + 0.5:.1f}" for i in reversed(run)]
        parts.append("M" + "L".join([*there, *back]) + "Z")
    return "".join(parts)


def _runs(known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[range]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [range(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]


def _axes(scale: Scale, unit: str) -> list[Markup]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [element("text", unit, x=2, y=TOP - 8, class_="tick")] if unit else []
    for value in _round_values(scale):
        y = scale.y(value)
        parts.append(element("line", x1=LEFT, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(
            element("text", f"{value:.4g}", x=LEFT - 5, y=y + 4, class_="tick", text_anchor="end")
        )
    span = scale.stretch.end - scale.stretch.start
    form = "%H:%M:%S" if span < 3600 else "%H:%M" if span < 86400 else "%d %b %H:%M"
    for number in range(TICKS):
        at = scale.stretch.start + span * (number + 0.5) / TICKS
        label = datetime.fromtimestamp(at, UTC).strftime(form)
        parts.append(
            element(
                "text", label, x=scale.x(at), y=bottom + 20, class_="tick", text_anchor="middle"
            )
        )
    return parts


def _round_values(scale: Scale) -> list[float]:
    """Three to six values at which a reader expects a line."""
    rough = (scale.highest - scale.lowest) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    size = power * next(m for m in (1, 2, 5, 10) if m * power >= rough)
    first, last = math.ceil(scale.lowest / size), math.floor(scale.highest / size)
    return [number * size for number in range(first, last + 1)]


def _panics(scale: Scale, happened: Iterable[Entry]) -> list[Markup]:
    return [
        element(
            "rect",
            element("title", f"panic {rfc3339(entry.at)}: {entry.why}"),
            x=scale.x(entry.at),
            width=max(1.5, scale.x(entry.until) - scale.x(entry.at)),
            y=TOP,
            height=HEIGHT - TOP - BOTTOM,
            class_="panic",
        )
        for entry in happened
        if entry.what == "panic"
    ]


SHAPES = {
    "ejected": "M-5 -8L5 -8L0 0Z",
    "refused": "M-4 -8L4 0M4 -8L-4 0",
    "returned": "M-4 -1L4 -1L0 -8Z",
    "paused": "M-3 -8L-3 0M3 -8L3 0",
    "terminated": "M-4 -4L4 -4",
}


def _mark(scale: Scale, entry: Entry, shown: Sequence[str]) -> Markup:
    colour = f"pod{shown.index(entry.pod)}" if entry.pod in shown else "other"
    return element(
        "path",
        element("title", f"{entry.what} {entry.pod} {rfc3339(entry.at)}: {entry.why}"),
        d=SHAPES[entry.what],
        class_=f"mark {entry.what} {colour}",
        transform=f"translate({scale.x(entry.at):.1f} {TOP:g})",
    )


def legend(shown: Sequence[str], happened: Iterable[Entry]) -> Markup:
    """Which colour is which pod, and which mark means what."""
    pods = [
        element("li", element("span", class_=f"swatch pod{number}"), pod)
        for number, pod in enumerate(shown)
    ]
    pods.append(element("li", element("span", class_="swatch band"), "all other pods"))
    kinds = {entry.what for entry in happened}
    marks = [
        element("li", _symbol(element("path", d=shape, class_=f"mark {what} other")), what)
        for what, shape in SHAPES.items()
        if what in kinds
    ]
    if "panic" in kinds:
        marks.append(element("li", element("span", class_="swatch panic"), "panic"))
    return fragment(element("ul", *pods, *marks, class_="legend"))


def _symbol(shape: Markup) -> Markup:
    return element("svg", shape, viewBox="-7 -10 14 12", class_="symbol", aria_hidden="true")
