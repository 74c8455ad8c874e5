"""What a published rule is given, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Window:
    """What each pod served in equal spans of time, oldest first: [spans x pods], and who serves
    now.

    Every request is in it, from all clients, without a scrape's delay: more than a proxy sees.
    """

    failures: Floats
    successes: Floats
    seconds: Floats
    serving: Mask

    @property
    def requests(self) -> Floats:
        """Answers of both kinds."""
        return self.failures + self.successes

    @property
    def rate(self) -> Floats:
        """The share of failures; not a number where a pod served nothing."""
        return _share(self.failures, self.requests)

    @property
    def latency(self) -> Floats:
        """Mean seconds of a request; not a number where a pod served nothing."""
        return _share(self.seconds, self.requests)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """`outliers` says who is one; it is asked every `interval` seconds about the last `spans`
    spans of `span` seconds each. At most `cap_percent` of the pods are out; one may always be.
    """

    outliers: Callable[[Window], Mask]
    interval: float = 10.0
    span: float = 10.0
    spans: int = 1
    cap_percent: float = 10.0
