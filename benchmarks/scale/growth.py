"""How what a controller costs grows with the number of Services and pods."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.scale.measured import Measured

LINEAR = 1.1
"""The highest exponent that counts as linear: runs of a quarter of a minute differ by some percent.
"""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that grows: `of` a run, in `unit`; `constant` is what does not grow of it, which
    also depends on the run with next to nothing to guard.
    """

    name: str
    unit: str
    of: Callable[[Measured], float]
    constant: Callable[[Measured, Measured], float]


QUANTITIES = (
    Quantity("memory", "MB", lambda run: run.memory_mb, lambda _, least: least.memory_mb),
    Quantity("processor", "core", lambda run: run.core, lambda _, least: least.core),
    Quantity("start → all guarded", "s", lambda run: run.started, lambda _, least: least.started),
    Quantity(
        *("lateness, p99", "ms"),
        lambda run: 1000 * run.late[1],
        lambda run, _: 1000 * run.floor_late[1],
    ),
)


@dataclass(frozen=True, slots=True)
class Growth:
    """Of one quantity: `exponent` is the k of `value = constant + c * pods ** k`, 1 where it is
    linear and 0 where it does not grow; `slope` how much 1,000 pods more take.
    """

    quantity: Quantity
    exponent: float
    slope: float


def growth(least: Measured, runs: Sequence[Measured]) -> list[Growth]:
    """The growth of each quantity over the runs that could be ended; none with fewer than two."""
    ended = [run for run in runs if not run.problem]
    if len(ended) < 2 or least.problem:
        return []
    pods = [float(run.pods) for run in ended]
    found = []
    for quantity in QUANTITIES:
        grown = [quantity.of(run) - quantity.constant(run, least) for run in ended]
        k = exponent(pods, grown)
        found.append(Growth(quantity, 0.0 if math.isnan(k) else k, 1000 * _slope(pods, grown)))
    return found


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The k of `value = c * size ** k` that fits best by least squares of the logarithms.

    1 is linear, below it grows slower. NaN where fewer than two values are above 0.

    >>> round(exponent([1, 2, 4], [3, 6, 12]), 6)
    1.0
    """
    points = [(s, v) for s, v in zip(sizes, values, strict=True) if v > 0]
    if len(points) < 2:
        return math.nan
    logs = np.log(np.array(points))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def _slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    return float(np.polyfit(sizes, values, 1)[0])
