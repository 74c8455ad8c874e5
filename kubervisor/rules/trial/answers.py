"""What metrics say, now and over a time: those of a Prometheus, or of a page in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from kubervisor.errors import SourceRejected
from kubervisor.rules.trial.exposition import Page
from kubervisor.rules.trial.promql import Node, Select, parse, selects
from kubervisor.rules.trial.promql_tokens import NotComputed
from kubervisor.rules.trial.vectors import Measured, Vector, vector_of
from kubervisor.sources.history import History, Line

Grow: TypeAlias = Callable[[Measured], float]
"""The value of a recorded sample as it would be, had the volume grown before."""

_NEAR = 0.0005
"""Seconds: instants are told in whole milliseconds."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when (Unix seconds, both included), every `step` seconds."""

    start: float
    end: float
    step: float

    def instants(self) -> Iterator[float]:
        """Each of them, to the millisecond."""
        for number in range(int((self.end - self.start) / self.step + 1e-6) + 1):
            yield round(self.start + number * self.step, 3)


class Past(Protocol):
    """One expression over a time. `grows`: whether it follows what a volume would have had."""

    grows: bool

    def at(self, at: float, grow: Grow) -> Vector:
        """Its vector at one of the instants of the stretch. Raises SourceError."""


class Answers(Protocol):
    """Where expressions are asked. Both raise SourceError, which names the expression."""

    def now(self, promql: str) -> Vector:
        """The vector of an expression now."""

    def past(self, promql: str, stretch: Stretch) -> Past:
        """An expression over a time."""


class FromPage:
    """A page of metrics, at the instant `at`."""

    def __init__(self, page: Page, at: float) -> None:
        self._page, self._at = page, at

    def now(self, promql: str) -> Vector:
        """Computed here. Raises SourceRejected where that cannot be."""
        return self.past(promql, Stretch(self._at, self._at, 1.0)).at(self._at, _as_recorded)

    def past(self, promql: str, stretch: Stretch) -> Past:
        """The same over a time."""
        try:
            return _Computed(promql, parse(promql), self._page.select)
        except NotComputed as why:
            raise _rejected(promql, why) from None


class FromPrometheus:
    """A Prometheus, at the instant `at`."""

    def __init__(self, history: History, at: float) -> None:
        self._history, self._at = history, at

    def now(self, promql: str) -> Vector:
        """As the controller would be answered."""
        lines = self._history.at(promql, self._at)
        return tuple(Measured(line.labels, float(line.values[0])) for line in lines)

    def past(self, promql: str, stretch: Stretch) -> Past:
        """Computed here from what it is made of, so that volumes can grow in it; else as asked."""
        try:
            node = parse(promql)
        except NotComputed:
            return _Asked(self._lines(promql, stretch))
        lines = {select.text: self._lines(select.text, stretch) for select in selects(node)}
        return _Computed(promql, node, lambda select, at: _sampled(lines[select.text], at))

    def _lines(self, promql: str, stretch: Stretch) -> tuple[Line, ...]:
        return self._history.over(promql, stretch.start, stretch.end, stretch.step)


class _Computed:
    grows = True

    def __init__(
        self, promql: str, node: Node, lookup: Callable[[Select, float], Iterator[Measured]]
    ) -> None:
        self._promql, self._node, self._lookup = promql, node, lookup

    def at(self, at: float, grow: Grow) -> Vector:
        def look(select: Select) -> Iterator[Measured]:
            return (Measured(one.labels, grow(one)) for one in self._lookup(select, at))

        try:
            return vector_of(self._node, look)
        except NotComputed as why:
            raise _rejected(self._promql, why) from None


class _Asked:
    grows = False

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines

    def at(self, at: float, grow: Grow) -> Vector:
        return tuple(_sampled(self._lines, at))


def _sampled(lines: tuple[Line, ...], at: float) -> Iterator[Measured]:
    """The samples at an instant of the stretch, of those series that have one."""
    for line in lines:
        place = int(np.searchsorted(line.times, at - _NEAR))
        if place < len(line.times) and line.times[place] <= at + _NEAR:
            yield Measured(line.labels, float(line.values[place]))


def _as_recorded(one: Measured) -> float:
    return one.value


def _rejected(promql: str, why: NotComputed) -> SourceRejected:
    return SourceRejected(
        f"{promql!r:.120} is not computed here: {why}. A Prometheus can: give --source URL."
    )
