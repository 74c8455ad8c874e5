"""How long an ejected pod stays out, and how many retries it carries."""

from __future__ import annotations

import hashlib
import math

from kubervisor.traffic.model import Ejection, Pod
from kubervisor.traffic.policy import ActivatorMode, ActivatorPolicy

DECAY_SECONDS = 600.0
"""A retry is forgiven for each ten minutes in traffic: four incidents in a month are not four in
a row.
"""


def retries_at_ejection(pod: Pod, now: float) -> int:
    """The retry count that an ejection of `pod` at `now` carries: what is left of the old one,
    plus 1.

    Computed here and only here, so nothing is written while the pod serves well.
    """
    good = now - pod.returned_at if pod.returned_at is not None else 0.0
    forgiven = math.floor(max(0.0, good) / DECAY_SECONDS)
    return max(0, pod.retries - forgiven) + 1


def hold_length(activator: ActivatorPolicy, retries: int, *, seed: str) -> float:
    """Seconds out of traffic for the `retries`-th time in a row, lengthened by the jitter of
    `seed`.

    With `max_period`: period x 2^(retries-1) up to it. Else the original's rule: the period, times
    the retries in the two retry modes.

    >>> hold_length(ActivatorPolicy(period=10, max_period=60.0), 4, seed="")
    60.0
    >>> hold_length(ActivatorPolicy(ActivatorMode.RETRY_AND_KILL, period=10), 3, seed="")
    30
    """
    retries = max(1, retries)
    if activator.max_period is not None:
        # 2^30 periods are beyond any cap; the exponent is bounded so that it cannot overflow.
        hold = min(activator.max_period, activator.period * 2.0 ** min(retries - 1, 30))
    elif activator.mode is ActivatorMode.PERIODIC:
        hold = activator.period
    else:
        hold = activator.period * retries
    if not activator.jitter_percent:
        return hold
    return hold * (1 + activator.jitter_percent / 100 * _spread(f"{seed}/{retries}"))


def remaining_hold(ejection: Ejection, length: float, now: float) -> float:
    """Seconds left of a hold seen for the first time at `now` (wall clock); the caller then counts
    them on a monotonic clock.

    Never more than the configured length, so a clock step cannot hold longer; a missing or
    unreadable time counts from now.
    """
    if ejection.until is not None:
        return max(0.0, min(ejection.until - now, length))
    if ejection.at is not None:
        return max(0.0, min(ejection.at + length - now, length))
    return length


def _spread(seed: str) -> float:
    """A number in [0, 1) that depends on `seed` only."""
    digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
