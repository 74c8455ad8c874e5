"""How small or large the share behind a count may be: the bounds of Wilson's interval."""

from __future__ import annotations

from math import sqrt

Z = 1.6448536269514722
"""One-sided 95 %."""


def lower_bound(failures: float, events: float) -> float:
    """The share that is exceeded with 95 % confidence, from 0 to 1; `events` above 0.

    Wilson (1927), one-sided. Unlike the naive interval it is honest for small counts: of 3 events
    that all failed it says 0.53.
    """
    return _bound(failures, events, -Z) if failures > 0 else 0.0


def upper_bound(failures: float, events: float) -> float:
    """The share that is not reached with 95 % confidence, from 0 to 1; `events` above 0."""
    return _bound(failures, events, Z) if failures < events else 1.0


def _bound(failures: float, events: float, z: float) -> float:
    share = failures / events
    center = share + z * z / (2 * events)
    wide = z * sqrt(share * (1 - share) / events + z * z / (4 * events * events))
    return min(max((center + wide) / (1 + z * z / events), 0.0), 1.0)
