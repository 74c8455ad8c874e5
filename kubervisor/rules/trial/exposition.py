"""Reads a page of metrics from a file: the text format of Prometheus, or OpenMetrics.

Samples with instants are a past; samples without are true at any time.
Source of the formats: prometheus.io, "Exposition formats"; OpenMetrics 1.0, which ends with # EOF.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubervisor.rules.trial.promql import Select
from kubervisor.rules.trial.vectors import NAME, Measured
from kubervisor.sources.exposition import PageUnreadable, read_labels

LOOKBACK = 300.0
"""Seconds for which a sample is the newest one: Prometheus' own, and the controller's of rules."""
_LINE = re.compile(
    r"""
    (?P<series> (?P<name> [A-Za-z_:][A-Za-z0-9_:]* )
      (?: \s*+ \{ [^"{}]*+ (?: "(?:[^"\\]|\\.)*+" [^"{}]*+ )*+ \} )?+ )
    \s*+ (?P<value> [^\s{}]+ ) (?: [ \t]++ (?P<at> -?[0-9.]+) )?+ [ \t]*+ (?: \#.* )?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series: labels with the metric's name; instants ascending, or none with one value."""

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, at: float) -> float | None:
        """The newest value at an instant, None where there is none that is young enough."""
        if not self.times:
            return self.values[0]
        place = bisect_right(self.times, at) - 1
        is_young = place >= 0 and at - self.times[place] < LOOKBACK
        return self.values[place] if is_young else None


@dataclass(frozen=True, slots=True)
class Page:
    """All series of a file, by the metric's name."""

    series: Mapping[str, tuple[Series, ...]]

    def select(self, select: Select, at: float) -> Iterator[Measured]:
        """The samples that a selector chooses at an instant."""
        for one in self.series.get(select.selector.name, ()):
            value = one.at(at) if select.selector.matches(one.labels[NAME], one.labels) else None
            if value is not None:
                yield Measured(one.labels, value)

    @property
    def span(self) -> tuple[float, float] | None:
        """The first and the last instant; None where no sample has one."""
        timed = [one.times for of in self.series.values() for one in of if one.times]
        if not timed:
            return None
        return min(times[0] for times in timed), max(times[-1] for times in timed)


def read_page(text: str) -> Page:
    """The series of a page. Raises PageUnreadable, which names the line."""
    scale = 1.0 if text.rstrip().endswith("# EOF") else 0.001
    found: dict[str, list[tuple[float | None, float]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise PageUnreadable(f"line {number} is no sample: {stripped!r:.80}")
        at = None if match["at"] is None else float(match["at"]) * scale
        found.setdefault(match["series"], []).append((at, _value(match["value"], number)))
    by_name: dict[str, list[Series]] = {}
    for series, points in found.items():
        name = re.split(r"[\s{]", series, maxsplit=1)[0]
        labels = {**read_labels(series.encode()), NAME: name}
        by_name.setdefault(name, []).append(_series(labels, points, series))
    return Page({name: tuple(of) for name, of in by_name.items()})


def _series(
    labels: Mapping[str, str], points: list[tuple[float | None, float]], text: str
) -> Series:
    timed = sorted((at, value) for at, value in points if at is not None)
    if not timed:
        if len(points) > 1:
            raise PageUnreadable(
                f"{text!r:.80} stands there {len(points)} times without an instant"
            )
        return Series(labels, (), (points[0][1],))
    if len(timed) < len(points):
        raise PageUnreadable(f"{text!r:.80} has an instant in some lines and none in others")
    return Series(labels, tuple(at for at, _ in timed), tuple(value for _, value in timed))


def _value(text: str, number: int) -> float:
    try:
        if "_" in text:  # Python's own digit separator
            raise ValueError
        return float(text)
    except ValueError:
        raise PageUnreadable(f"line {number}: {text!r:.40} is no number") from None
