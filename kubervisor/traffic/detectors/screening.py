"""Which steps of a long history could hold an outlier: only those need to be judged one by one.

Each function takes arrays [steps x pods] of one peer group and returns [steps]. True says too much
at times, False never too little: where it is False, `judge` on the same numbers finds no outlier,
on probation or not. Pods that a step does not know are NaN there. Silent pods are not suspected:
what `noData` makes of them is not in the numbers.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kubervisor.traffic.detector_policy import (
    DeviationPolicy,
    Direction,
    RatioPolicy,
    ThresholdPolicy,
)

Floats: TypeAlias = NDArray[np.float64]
Steps: TypeAlias = NDArray[np.bool_]

_SLACK = 1e-9
"""Another order of additions may round differently, by less than this."""

SMALLEST_GROUP = 3
"""Fewer may be compared with the rest of the fleet, which these arrays do not hold."""


def ratio_suspects(failures: Floats, events: Floats, policy: RatioPolicy) -> Steps:
    """Steps in which a pod fails often enough, and by the effect floor more often than the core.

    The core holds at least the half with the smallest shares, so its share is at least the median
    of that half. Pods that are not judged, for want of events, are taken for the best of all.
    """
    known = events >= max(policy.minimum_activity / 2, 1)
    shares = np.divide(failures, events, out=np.zeros(np.shape(events)), where=known)
    np.minimum(shares, 1.0, out=shares)
    often = known & (failures >= policy.minimum_events - _SLACK)
    pods = shares.shape[1]
    if pods < SMALLEST_GROUP:
        least: Floats | float = 0.0
    else:
        middle = ((pods + 1) // 2 - 1) // 2
        judged = np.where(events >= policy.minimum_activity, shares, 0.0)
        least = np.partition(judged, middle, axis=1)[:, middle, None]
    return _any(often & (shares - least >= policy.minimum_effect - _SLACK))


def deviation_suspects(values: Floats, policy: DeviationPolicy) -> Steps:
    """Steps in which a value is the least factor away from its peers' median.

    Steps with a value of 0 or less are all suspected, and those with one or two values: they are
    judged on another scale, or by other peers.
    """
    rows = np.sort(values, axis=1)  # NaN last
    known = values.shape[1] - np.isnan(rows).sum(axis=1)
    lowest, highest = rows[:, 0], _at(rows, known - 1)
    # The median of all is between these two, and so is that of all but one.
    low, high = _at(rows, (known - 2) // 2), _at(rows, (known + 1) // 2)
    factor = policy.minimum_factor * (1 - _SLACK)
    with np.errstate(invalid="ignore"):
        odd = (known > 0) & ((known < SMALLEST_GROUP) | (lowest <= 0))
        above, below = highest >= factor * low, lowest * factor <= high
    if policy.direction is Direction.UP:
        below = np.zeros_like(below)
    elif policy.direction is Direction.DOWN:
        above = np.zeros_like(above)
    suspected: Steps = odd | ((known > 0) & (above | below))
    return suspected


def threshold_suspects(values: Floats, policy: ThresholdPolicy) -> Steps:
    """Steps in which a value, or a share, crosses the bound."""
    with np.errstate(invalid="ignore"):
        if policy.above is not None:
            return _any(values > policy.above - _SLACK * abs(policy.above))
        assert policy.below is not None
        return _any(values < policy.below + _SLACK * abs(policy.below))


def _any(found: Steps) -> Steps:
    steps: Steps = np.logical_or.reduce(found, axis=1)
    return steps


def _at(rows: Floats, column: NDArray[np.int_]) -> Floats:
    """The value of each row in its own column, or in the nearest that there is."""
    column = np.clip(column, 0, rows.shape[1] - 1)
    picked: Floats = np.take_along_axis(rows, column[:, None], axis=1)[:, 0]
    return picked
