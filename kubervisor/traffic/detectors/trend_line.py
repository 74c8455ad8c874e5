"""The trend of one pod beside its peers. Imports pandas and scipy: only for who has a suspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import rankdata, theilslopes

Floats = NDArray[np.float64]

PEAK = 0.95
"""The quantile of what is left beside the line that counts as a peak."""


@dataclass(frozen=True, slots=True)
class Trend:
    """`chance` that no trend looks like this; `slope` a second; `baseline` the peers' median and
    `peak` where the pod's peaks are, both at the end of the window.
    """

    chance: float
    slope: float
    baseline: float
    peak: float

    def seconds_until(self, bound: float) -> float:
        """Until the peaks reach `bound`: 0 where they have, infinity where they never will."""
        if self.peak >= bound:
            return 0.0
        return (bound - self.peak) / self.slope if self.slope > 0 else inf


def trend_beside(
    points: Mapping[float, float],
    peers: Sequence[Mapping[float, float]],
    *,
    sign: int,
    step: float,
) -> Trend:
    """The trend of `sign` times the pod's `points` less the median of the `peers`' at that time.

    Samples within one `step` are one point.
    """
    frame = pd.DataFrame(
        {number: _on_grid(one, step) for number, one in enumerate((points, *peers))}
    )
    frame = sign * frame.sort_index()
    median = frame.iloc[:, 1:].median(axis=1)
    beside = (frame[0] - median).dropna()
    times = beside.index.to_numpy(dtype=float) * step
    values = beside.to_numpy(dtype=float)
    line = theilslopes(values, times)
    rest = values - (line.intercept + line.slope * times)
    baseline = float(median.dropna().iloc[-1])
    end = line.intercept + line.slope * times[-1]
    return Trend(
        chance=_chance_of_no_trend(values, rest),
        slope=float(line.slope),
        baseline=baseline,
        peak=baseline + float(end + np.quantile(rest, PEAK)),
    )


def _on_grid(points: Mapping[float, float], step: float) -> pd.Series[float]:
    series = pd.Series(points, dtype=float)
    return series.groupby(np.floor(series.index.to_numpy() / step).astype(int)).mean()


def _chance_of_no_trend(values: Floats, rest: Floats) -> float:
    """Mann and Kendall's one-sided p-value that `values` do not rise, `rest` being what the line
    leaves of them.
    """
    n = len(values)
    sign = np.sign(values[None, :] - values[:, None])
    s = float(np.triu(sign, 1).sum())
    _, ties = np.unique(values, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    if s <= 0 or variance <= 0:
        return 1.0
    z = (s - 1) / sqrt(variance * _repetition(rest))
    return float(ndtr(-z))


def _repetition(rest: Floats) -> float:
    """How many times as large as for independent points the variance is, at least 1.

    The autocorrelations of the ranks, weighted as Hamed and Rao do, as far as they are positive
    without a break: those of a sawtooth turn negative, and would excuse it.
    """
    n = len(rest)
    ranks = rankdata(rest) - (n + 1) / 2
    total = float(ranks @ ranks)
    if total == 0:
        return 1.0
    repeated = 0.0
    for lag in range(1, n - 2):
        correlation = float(ranks[:-lag] @ ranks[lag:]) / total
        if correlation <= 0:
            break
        repeated += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation
    return 1 + 2 * repeated / (n * (n - 1) * (n - 2))
