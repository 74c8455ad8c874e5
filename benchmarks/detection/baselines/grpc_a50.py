"""gRPC's outlier detection (proposal A50) with both of its algorithms at their defaults.

As Envoy's two rules, asked together every 10 s; the failure percentage must exceed 85 %.
Source: gRPC proposal A50, "client-side weighted outlier detection".
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.baselines import envoy_success_rate
from benchmarks.detection.baselines.rule import Mask, Rule, Window

MINIMUM_HOSTS = 5
REQUEST_VOLUME = 50
THRESHOLD = 0.85


def outliers(window: Window) -> Mask:
    """Who is an outlier by either algorithm."""
    found = envoy_success_rate.outliers(window)
    judged = window.serving & (window.requests[-1] >= REQUEST_VOLUME)
    if judged.sum() >= MINIMUM_HOSTS:
        found |= judged & (np.nan_to_num(window.rate[-1]) > THRESHOLD)
    return found


RULE = Rule(outliers)
