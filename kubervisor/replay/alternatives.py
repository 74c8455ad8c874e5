"""The same policy a little tighter, looser, and slower or quicker to believe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    RatioPolicy,
    ThresholdPolicy,
    TrendPolicy,
)
from kubervisor.traffic.policy import BreakerPolicy, Matches, ServicePolicy

Change = Callable[[BreakerPolicy], BreakerPolicy]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A policy to compare with, and what it changes, in words."""

    title: str
    policy: ServicePolicy


def alternatives(policy: ServicePolicy) -> tuple[Alternative, ...]:
    """Up to four policies, each with the same change in all breakers; those that change nothing
    are left out.
    """
    named = {
        "tighter": _detectors(policy, 0.5, 100.0),
        "looser": _detectors(policy, 2.0, 0.01),
        "one step suffices": _matches(policy, lambda _: Matches()),
        "one more matching step": _matches(
            policy, lambda now: Matches(need=now.need + 1, of=max(now.of, now.need + 1))
        ),
    }
    return tuple(
        Alternative(f"{title}: {said}", changed)
        for title, (said, changed) in named.items()
        if changed != policy
    )


def _detectors(policy: ServicePolicy, factor: float, chance: float) -> tuple[str, ServicePolicy]:
    """Bounds times `factor`, chances times `chance`."""
    said: dict[str, None] = {}
    breakers = []
    for breaker in policy.breakers:
        detector, words = _scaled(breaker.detector, factor, chance)
        breakers.append(replace(breaker, detector=detector))
        said[words] = None
    return ", ".join(filter(None, said)), replace(policy, breakers=tuple(breakers))


def _scaled(detector: DetectorPolicy, factor: float, chance: float) -> tuple[DetectorPolicy, str]:
    by = f"x {factor:g}"
    match detector:
        case DiscretePolicy(tolerance_percent=tolerance):
            changed = replace(detector, tolerance_percent=min(100.0, factor * tolerance))
            return changed, f"tolerance {by}"
        case ContinuousPolicy(max_deviation_percent=deviation):
            wider = replace(detector, max_deviation_percent=factor * deviation)
            return wider, f"maxDeviationPercent {by}"
        case RatioPolicy(alpha=alpha, minimum_effect=effect):
            # With a smaller effect noise passes the floor in most steps, and each must be judged.
            by_effect = max(factor, 0.8)
            tried = replace(
                detector,
                alpha=min(0.5, chance * alpha),
                minimum_effect=min(1.0, by_effect * effect),
            )
            return tried, f"alpha x {chance:g} and minimumEffect x {by_effect:g}"
        case DeviationPolicy(maximum_score=score, minimum_factor=least):
            # A factor of 1 is no difference at all: what is beyond it is scaled.
            return (
                replace(
                    detector,
                    maximum_score=score * factor**0.5,
                    minimum_factor=1 + factor * (least - 1),
                ),
                f"maximumScore x {factor**0.5:.2g} and minimumFactor's excess {by}",
            )
        case TrendPolicy(alpha=alpha, horizon=horizon):
            return (
                replace(detector, alpha=min(0.5, chance * alpha), horizon=horizon / factor),
                f"alpha x {chance:g} and horizon x {1 / factor:g}",
            )
        case ThresholdPolicy(hold_for=hold):
            return replace(detector, hold_for=factor * hold), f"for {by}" if hold else ""
        case _:
            return detector, ""


def _matches(
    policy: ServicePolicy, change: Callable[[Matches], Matches]
) -> tuple[str, ServicePolicy]:
    breakers = tuple(replace(b, matches=change(b.matches)) for b in policy.breakers)
    said = {f"{b.matches.need} of {b.matches.of}" for b in breakers}
    return ", ".join(sorted(said)), replace(policy, breakers=breakers)
