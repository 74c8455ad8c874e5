"""What an administrator allows, whatever a specification asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kubervisor.traffic.policy import (
    ActivatorMode,
    ActivatorPolicy,
    BreakerPolicy,
    BudgetPolicy,
    ServicePolicy,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of all KubervisorServices of a process.

    `floor_percent` of the members keep serving; evaluations are at least `shortest_period` seconds
    apart; without `allow_termination` no pod is evicted or deleted.
    """

    floor_percent: int = 0
    shortest_period: float = 0.0
    allow_termination: bool = True


def bounded(policy: ServicePolicy, bounds: Bounds) -> ServicePolicy:
    """`policy` where it is within `bounds`, else the nearest that is. Idempotent."""
    return replace(
        policy,
        breakers=tuple(_breaker(breaker, bounds) for breaker in policy.breakers),
        default_activator=_activator(policy.default_activator, bounds),
        budget=_budget(policy.budget, bounds),
    )


def describe_bounds(policy: ServicePolicy, bounds: Bounds) -> str:
    """What of `policy` (as the specification asks) `bounded` changes, as a sentence; "" where
    nothing.
    """
    changes = "; ".join(_changes(policy, bounds))
    return f"The administrator's bounds hold: {changes}" if changes else ""


def _changes(policy: ServicePolicy, bounds: Bounds) -> Iterator[str]:
    below = [b.name for b in policy.breakers if _asked_percent(b, policy) < bounds.floor_percent]
    if below:
        yield f"{bounds.floor_percent} % keep serving ({', '.join(below)})"
    hasty = [b.name for b in policy.breakers if b.period < bounds.shortest_period]
    if hasty:
        yield f"evaluated every {bounds.shortest_period:g} s ({', '.join(hasty)})"
    if not bounds.allow_termination and any(_may_end(a) for a in _activators(policy)):
        yield "no pod is evicted or deleted, at most maxPauseCount are paused"


def _breaker(breaker: BreakerPolicy, bounds: Bounds) -> BreakerPolicy:
    return replace(
        breaker,
        period=max(breaker.period, bounds.shortest_period),
        activator=_activator(breaker.activator, bounds),
    )


def _activator(activator: ActivatorPolicy, bounds: Bounds) -> ActivatorPolicy:
    return replace(activator, may_terminate=activator.may_terminate and bounds.allow_termination)


def _budget(budget: BudgetPolicy, bounds: Bounds) -> BudgetPolicy:
    if not bounds.floor_percent:
        return budget
    asked = budget.min_available_percent or 0
    return replace(budget, min_available_percent=max(asked, bounds.floor_percent))


def _asked_percent(breaker: BreakerPolicy, policy: ServicePolicy) -> int:
    return max(breaker.min_available_percent or 0, policy.budget.min_available_percent or 0)


def _activators(policy: ServicePolicy) -> tuple[ActivatorPolicy, ...]:
    return (policy.default_activator, *(breaker.activator for breaker in policy.breakers))


def _may_end(activator: ActivatorPolicy) -> bool:
    return activator.may_terminate and activator.mode is not ActivatorMode.PERIODIC
