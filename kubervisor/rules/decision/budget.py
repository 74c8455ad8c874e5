"""How many actions may begin: at once, in an hour, and in an hour in one namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.states import Standing, State

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all rules together."""

    at_once: int = 5
    per_hour: int = 60
    per_namespace_per_hour: int = 10


@dataclass(frozen=True, slots=True)
class Spent:
    """Actions in progress, and those that began within the last hour."""

    acting: int
    begun: int
    by_namespace: Mapping[str, int]

    def with_one(self, namespace: str) -> Spent:
        """What is spent once another one has begun there."""
        there = self.by_namespace.get(namespace, 0) + 1
        by_namespace = {**self.by_namespace, namespace: there}
        return Spent(self.acting + 1, self.begun + 1, by_namespace)


def spending(stakes: Iterable[Stake], now: float) -> Spent:
    """What all standings say. An attempt counts whatever came of it."""
    acting, begun = 0, Counter[str]()
    for stake in stakes:
        acting += stake.standing.state is State.IN_PROGRESS
        recent = sum(_is_recent(at, now) for at in stake.standing.acted)
        if recent:
            begun[stake.object.namespace] += recent
    return Spent(acting, begun.total(), begun)


def exhausted(spent: Spent, namespace: str, limits: Limits) -> str:
    """Which limit keeps another action from beginning in the namespace, "" where none does."""
    if spent.acting >= limits.at_once:
        return f"as many actions as may be in progress at once are ({limits.at_once})"
    if spent.begun >= limits.per_hour:
        return f"as many actions as may begin in an hour have begun ({limits.per_hour})"
    if spent.by_namespace.get(namespace, 0) >= limits.per_namespace_per_hour:
        most = limits.per_namespace_per_hour
        return f"as many actions as may begin in an hour in {namespace} have begun ({most})"
    return ""


def is_forgettable(standing: Standing, now: float) -> bool:
    """Whether the standing about an object that is gone can be deleted: nothing is in progress, and
    no budget needs it.
    """
    if standing.state is State.IN_PROGRESS:
        return False
    return not any(_is_recent(at, now) for at in standing.acted)


def still_counted(acted: Iterable[float], now: float) -> tuple[float, ...]:
    """The instants that a budget or a cool-down needs: of the last hour, and the last one."""
    begun = tuple(acted)
    return tuple(at for at in begun[:-1] if _is_recent(at, now)) + begun[-1:]


def _is_recent(at: float, now: float) -> bool:
    return now - at < HOUR
