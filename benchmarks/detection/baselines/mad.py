"""Datadog-style outliers by the median absolute deviation: tolerance 3, 20 % of the points.

Over the last five minutes: a point strays where it is more than 3 deviations from the median of its
time, the deviation being the median over all points; a pod is an outlier where more than 20 % of
its points stray. Asked for the failure rate and for the latency, upwards only, of three pods or
more. Source: Datadog's documentation, "Outlier monitor", MAD.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.baselines.rule import Floats, Mask, Rule, Window

TOLERANCE = 3.0
POINTS_SHARE = 0.20
MINIMUM_PODS = 3


def outliers(window: Window) -> Mask:
    """Who is an outlier by its failure rate or its latency."""
    return window.serving & (_stray(window.rate, window) | _stray(window.latency, window))


def _stray(values: Floats, window: Window) -> Mask:
    known = values[:, window.serving]
    if known.shape[1] < MINIMUM_PODS or np.isnan(known).all(axis=1).any():
        return np.zeros(values.shape[1], dtype=bool)
    excess = values - np.nanmedian(known, axis=1, keepdims=True)
    deviation = np.nanmedian(np.abs(excess[:, window.serving]))
    found: Mask = (excess > TOLERANCE * deviation).mean(axis=0) > POINTS_SHARE
    return found


RULE = Rule(outliers, interval=20.0, span=20.0, spans=15, cap_percent=50.0)
