"""Datadog-style outliers by DBSCAN: tolerance 3.

Over the last five minutes each pod is a point with one coordinate per span. Points closer than 3
times the median distance to the median series belong together; who is not in the largest cluster
is an outlier. Asked for the failure rate and for the latency, upwards only, of three pods or more.
Source: Datadog's documentation, "Outlier monitor", DBSCAN.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform

from benchmarks.detection.baselines.rule import Floats, Mask, Rule, Window

TOLERANCE = 3.0
MINIMUM_PODS = 3


def outliers(window: Window) -> Mask:
    """Who is an outlier by its failure rate or its latency."""
    return window.serving & (_apart(window.rate, window) | _apart(window.latency, window))


def _apart(values: Floats, window: Window) -> Mask:
    found = np.zeros(values.shape[1], dtype=bool)
    judged = window.serving & ~np.isnan(values).any(axis=0)
    if judged.sum() < MINIMUM_PODS:
        return found
    points = values[:, judged].T
    middle = np.median(points, axis=0)
    reach = TOLERANCE * np.median(np.linalg.norm(points - middle, axis=1))
    _, cluster = connected_components(squareform(pdist(points)) <= reach, directed=False)
    largest = np.bincount(cluster).argmax()
    above = points.mean(axis=1) > middle.mean()
    found[judged] = (cluster != largest) & above
    return found


RULE = Rule(outliers, interval=20.0, span=20.0, spans=15, cap_percent=50.0)
