"""The pods' values over the whole time, as few points as a plot has room for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from kubervisor.replay.pages import Page, Stretch
from kubervisor.replay.readings import Readings
from kubervisor.sources.history import Array

BUCKETS = 600


@dataclass(slots=True, eq=False)
class Curves:
    """One breaker's values: for each pod the largest in each of `buckets` equal parts of the
    time; NaN where it has none.
    """

    stretch: Stretch
    unit: str = ""
    pods: dict[str, Array] = field(default_factory=dict)

    @property
    def buckets(self) -> int:
        """How many parts the time has."""
        return min(BUCKETS, self.stretch.steps)

    def add(self, page: Page, names: tuple[str, ...], readings: Readings) -> None:
        """Take up the values of one more page."""
        self.unit = readings.unit
        steps = page.first + np.arange(len(page.times))
        bucket = steps * self.buckets // self.stretch.steps
        begins = np.flatnonzero(np.diff(bucket, prepend=-1))
        largest = np.fmax.reduceat(readings.value, begins, axis=0)
        for column, name in enumerate(names):
            curve = self.pods.setdefault(name, np.full(self.buckets, np.nan))
            where = bucket[begins]
            curve[where] = np.fmax(curve[where], largest[:, column])

    def band(self, without: Collection[str]) -> tuple[Array, Array]:
        """The smallest and the largest value of the other pods in each part of the time."""
        rest = [curve for name, curve in self.pods.items() if name not in without]
        if not rest:
            nothing = np.full(self.buckets, np.nan)
            return nothing, nothing
        lowest: Array = np.fmin.reduce(rest)
        highest: Array = np.fmax.reduce(rest)
        return lowest, highest
