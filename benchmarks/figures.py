"""What a benchmark answers with, and the arithmetic on its samples."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value in `unit`, all of its numbers in that unit.

    `floor` is what the same thing costs without the controller, measured in the same run; `target`
    is the most the value may be, None where the value is only shown.
    """

    name: str
    measured: float
    unit: str
    floor: float | None = None
    target: float | None = None
    samples: int = 1

    @property
    def met(self) -> bool | None:
        """Whether the target is kept; None where there is none."""
        return None if self.target is None else self.measured <= self.target


def percentile(samples: Iterable[float], percent: float) -> float:
    """The smallest sample that `percent` % of the samples do not exceed (nearest rank).

    Raises ValueError where there are no samples.

    >>> percentile([4, 1, 3, 2], 50)
    2
    """
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("no samples to take a percentile of")
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]


def spread(
    name: str,
    seconds: Iterable[float],
    *,
    floors: Iterable[float] = (),
    p50: float | None = None,
    p99: float | None = None,
) -> list[Figure]:
    """p50 and p99 in ms beside those of the floor; `p50` and `p99` are the targets, in seconds."""
    values, below = [1000 * s for s in seconds], [1000 * s for s in floors]
    return [
        Figure(
            f"{name}, p{percent}",
            percentile(values, percent),
            "ms",
            floor=percentile(below, percent) if below else None,
            target=None if target is None else 1000 * target,
            samples=len(values),
        )
        for percent, target in ((50, p50), (99, p99))
    ]
