"""Envoy's failure percentage outlier detection with its defaults, enforced (Envoy's default is
not).

Every 10 s, among hosts with at least 50 requests in them, if there are at least 5: a host of whose
requests 85 % or more fail is ejected.
Source: Envoy's documentation, "Outlier detection", failure_percentage_*.
"""

from __future__ import annotations

import numpy as np

from benchmarks.detection.baselines.rule import Mask, Rule, Window

MINIMUM_HOSTS = 5
REQUEST_VOLUME = 50
THRESHOLD = 0.85


def outliers(window: Window) -> Mask:
    """Who is an outlier by the last span."""
    judged = window.serving & (window.requests[-1] >= REQUEST_VOLUME)
    if judged.sum() < MINIMUM_HOSTS:
        return np.zeros_like(judged)
    found: Mask = judged & (window.rate[-1] >= THRESHOLD)
    return found


RULE = Rule(outliers)
