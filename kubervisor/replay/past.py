"""What one query answered over a stretch of time, and what a breaker would have measured of it.

A measurement at an instant holds samples up to that instant and none after it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kubervisor.sources.history import Array, Line
from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.measurement import Measurement, Sample, Series

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and the label of its answer that names the pod."""

    query: Query
    pod_label: str


class Past(Protocol):
    """The answer to one query at each of `times`; `pods` names the pod of each of its `lines`."""

    asked: Asked
    times: Array
    lines: tuple[Line, ...]
    pods: tuple[str, ...]

    @property
    def points(self) -> int:
        """How many values were sent."""

    @property
    def seen(self) -> Mask:
        """[steps x lines]: whether the line has a sample that counts at the step."""

    def measured(self, step: int, hidden: Collection[str]) -> Measurement:
        """What was measured at `times[step]`, without the pods `hidden`."""


class Instants:
    """An expression's instant vectors, one for each step."""

    def __init__(
        self, asked: Asked, times: Array, lines: tuple[Line, ...], pods: tuple[str, ...]
    ) -> None:
        self.asked, self.times, self.lines, self.pods = asked, times, lines, pods
        self.values = np.full((len(times), len(lines)), np.nan)
        self.seen: Mask = np.zeros(self.values.shape, dtype=bool)
        for column, line in enumerate(lines):
            steps = np.searchsorted(times, line.times - _MILLISECOND)
            # What the server says of other instants than those it was asked for is no answer.
            known = steps < len(times)
            known[known] = np.abs(times[steps[known]] - line.times[known]) <= _MILLISECOND
            self.values[steps[known], column] = line.values[known]
            self.seen[steps[known], column] = True

    @property
    def points(self) -> int:
        return sum(len(line.times) for line in self.lines)

    def measured(self, step: int, hidden: Collection[str]) -> Measurement:
        at = float(self.times[step])
        values = self.values[step].tolist()
        samples = tuple(
            Sample(self.lines[column].labels, values[column], at)
            for column in np.flatnonzero(self.seen[step]).tolist()
            if self.pods[column] not in hidden
        )
        return Measurement(at, window=self.asked.query.window, samples=samples)


class Stretches:
    """Samples over a window that ends at each step: raw ones, or an expression's own steps."""

    def __init__(
        self, asked: Asked, times: Array, lines: tuple[Line, ...], pods: tuple[str, ...]
    ) -> None:
        self.asked, self.times, self.lines, self.pods = asked, times, lines, pods

    @property
    def points(self) -> int:
        return sum(len(line.times) for line in self.lines)

    @cached_property
    def spans(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """[steps x lines]: where each window begins in the line's samples, and where it ends."""
        query = self.asked.query
        begins = np.empty((len(self.times), len(self.lines)), dtype=np.intp)
        ends = np.empty_like(begins)
        # A range selector is open at its start; an expression's own steps begin on it. Instants are
        # whole milliseconds, so half of one decides.
        half = _MILLISECOND / 2
        starts = self.times - query.window + (half if query.raw else -half)
        for column, line in enumerate(self.lines):
            begins[:, column] = np.searchsorted(line.times, starts)
            ends[:, column] = np.searchsorted(line.times, self.times + half)
        return begins, ends

    @property
    def seen(self) -> Mask:
        begins, ends = self.spans
        return ends > begins

    def measured(self, step: int, hidden: Collection[str]) -> Measurement:
        begins, ends = (span[step].tolist() for span in self.spans)
        series = tuple(
            Series(
                line.labels,
                tuple(line.times[begins[column] : ends[column]].tolist()),
                tuple(line.values[begins[column] : ends[column]].tolist()),
            )
            for column, line in enumerate(self.lines)
            if ends[column] > begins[column] and self.pods[column] not in hidden
        )
        at = float(self.times[step])
        return Measurement(at, window=self.asked.query.window, series=series)


_MILLISECOND = 0.001
"""Instants come back rounded to it."""


def measured(pasts: Sequence[Past], step: int, hidden: Collection[str]) -> Measurement:
    """The measurement of a detector with these queries: in parts where there are several."""
    if len(pasts) == 1:
        return pasts[0].measured(step, hidden)
    parts = tuple(past.measured(step, hidden) for past in pasts)
    window = max(part.window for part in parts)
    return Measurement(parts[0].taken_at, window=window, parts=parts)
