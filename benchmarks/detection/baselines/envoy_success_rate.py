"""Envoy's success rate outlier detection with its defaults.

Every 10 s, among hosts with at least 100 requests in them, if there are at least 5: a host whose
success rate is below mean - 1.9 x standard deviation (of the population) is ejected.
Source: Envoy's documentation, "Outlier detection", success_rate_*.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.baselines.rule import Mask, Rule, Window

MINIMUM_HOSTS = 5
REQUEST_VOLUME = 100
STDEV_FACTOR = 1.9


def outliers(window: Window) -> Mask:
    """Who is an outlier by the last span."""
    judged = window.serving & (window.requests[-1] >= REQUEST_VOLUME)
    if judged.sum() < MINIMUM_HOSTS:
        return np.zeros_like(judged)
    success = 1 - window.rate[-1]
    known = success[judged]
    bound = known.mean() - STDEV_FACTOR * known.std()
    found: Mask = judged & (success < bound)
    return found


RULE = Rule(outliers)
