"""How what a controller costs grows with the number of Services and pods."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.scale.measured import Measured

LINEAR = 1.15
"""The highest exponent that counts as linear: runs of half a minute differ by some percent."""

QUANTITIES: Mapping[str, Callable[[Measured], float]] = {
    "memory beyond the imports, MB": lambda m: m.memory_mb - m.imports_mb,
    "processor, cores": lambda m: m.core,
    "start to all guarded, s": lambda m: m.started,
    "lateness p99 beyond an empty loop's, ms": lambda m: 1000 * (m.late[1] - m.floor_late[1]),
}


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


def exponents(runs: Sequence[Measured]) -> dict[str, float]:
    """The exponent of each quantity over the runs that could be ended."""
    ended = [run for run in runs if not run.problem]
    sizes = [float(run.pods) for run in ended]
    return {name: exponent(sizes, [of(run) for run in ended]) for name, of in QUANTITIES.items()}
