"""How likely a healthy pod would show that many failures: the upper tail of a beta-binomial.

A binomial takes all pods for equal. Real ones differ: their own shares scatter around the fleet's
with a standard deviation, the *spread*, and a beta distribution carries it into the count.
"""

from __future__ import annotations

from math import exp, lgamma

ENOUGH_EVENTS = 5000
"""More events than these are scaled down to them: by then the spread decides, not the count."""

_NEGLIGIBLE = 1e-4  # of the sum so far: the terms fall at least geometrically


def upper_tail(failures: float, events: float, share: float, spread: float) -> float:
    """P[K >= failures] for K of `events`, where a pod's own share has mean `share` (above 0 and
    below 1) and standard deviation `spread` (above 0). Fractions are cut in the pod's favour.
    """
    if events > ENOUGH_EVENTS:
        failures *= ENOUGH_EVENTS / events
        events = ENOUGH_EVENTS
    k, n = int(failures + 1e-9), int(events + 0.5)
    if k <= n * share:
        return 1.0
    a, b = _shape(share, spread)
    term, total = exp(_log_mass(k, n, a, b)), 0.0
    for j in range(k, n + 1):
        total += term
        if term <= total * _NEGLIGIBLE:
            break
        term *= (n - j) * (j + a) / ((j + 1) * max(n - j - 1 + b, 1e-12))
    return min(total, 1.0)


def log_chance(failures: float, events: float, share: float, spread: float) -> float:
    """The logarithm of P[K = failures], for the same K as `upper_tail`'s."""
    return _log_mass(failures, events, *_shape(share, spread))


def _shape(share: float, spread: float) -> tuple[float, float]:
    """The beta distribution with this mean and standard deviation."""
    concentration = max(share * (1 - share) / (spread * spread) - 1, 1e-3)
    return share * concentration, (1 - share) * concentration


def _log_mass(k: float, n: float, a: float, b: float) -> float:
    """The logarithm of P[K = k], by the formula of every textbook."""
    chosen = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return (
        chosen
        + (lgamma(k + a) + lgamma(n - k + b) - lgamma(n + a + b))
        - (lgamma(a) + lgamma(b) - lgamma(a + b))
    )
