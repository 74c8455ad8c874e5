"""What a fleet can spare: one budget per Service, in integers.

The floor counts *all* members, not those still serving: a ratio of what is left would shrink with
each ejection until one pod remained (the original's defect D).
"""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.traffic.model import Fleet, Traffic
from kubervisor.traffic.policy import BreakerPolicy, BudgetPolicy, ServicePolicy

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Allowance:
    """The numbers behind one answer: how many pods may a breaker eject now, and why not more."""

    members: int
    serving: int
    out: int
    floor: int
    cap: int

    @property
    def left(self) -> int:
        """How many may be ejected now; never negative."""
        return max(0, min(self.serving - self.floor, self.cap - self.out))

    def __str__(self) -> str:
        capped = f", {self.out} out of at most {self.cap}" if self.cap < self.members else ""
        return (
            f"{self.serving} of {self.members} serving, floor {self.floor}{capped}: "
            f"may eject {self.left}"
        )


def describe_out(fleet: Fleet) -> str:
    """Who is out until a person decides, to be appended to a sentence; "" where nobody is."""
    paused = [pod.name for pod in fleet.pods if pod.traffic is Traffic.PAUSE]
    held = [pod.name for pod in fleet.pods if pod.is_manual_hold and pod.traffic is Traffic.NO]
    parts = (("paused", paused), ("held by hand", held))
    return "".join(f"; {what}: {_listed(names)}" for what, names in parts if names)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def share_rounded_up(percent: int, members: int) -> int:
    """The smallest count that is at least `percent` of `members`; above 100 % counts as 100 %.

    >>> share_rounded_up(50, 3)
    2
    """
    return -(-min(100, percent) * members // 100)


def floor_of(members: int, breaker: BreakerPolicy | None, budget: BudgetPolicy) -> int:
    """The fewest pods that must serve before `breaker` may eject another; at least 1.

    Without a breaker, the floor that the budget alone asks for.

    >>> floor_of(10, None, BudgetPolicy(min_available_percent=75))
    8
    """
    asked = [1, budget.min_available_count or 0]
    asked.append(share_rounded_up(budget.min_available_percent or 0, members))
    if breaker is not None:
        asked.append(breaker.min_available_count or 0)
        asked.append(share_rounded_up(breaker.min_available_percent or 0, members))
    return max(asked)


def cap_of(members: int, budget: BudgetPolicy) -> int:
    """The most pods that may be out at once; a fleet of 3 or more may always spare one.

    >>> [cap_of(n, BudgetPolicy(max_ejected_percent=20)) for n in (2, 4, 10)]
    [0, 1, 2]
    """
    if budget.max_ejected_percent is None:
        return members
    return max(budget.max_ejected_percent * members // 100, 1 if members >= 3 else 0)


def allowance(fleet: Fleet, breaker: BreakerPolicy, budget: BudgetPolicy) -> Allowance:
    """What `breaker` may take from `fleet` now."""
    return Allowance(
        members=fleet.size,
        serving=len(fleet.serving),
        out=len(fleet.out),
        floor=floor_of(fleet.size, breaker, budget),
        cap=cap_of(fleet.size, budget),
    )


def fleet_floor(members: int, policy: ServicePolicy) -> int:
    """The lowest floor among the breakers: no ejection of ours leaves fewer serving.

    So only others' acts (a drain, a crash, a scale-down) can, and that is what early return is for.
    """
    floors = [floor_of(members, breaker, policy.budget) for breaker in policy.breakers]
    return min(floors, default=floor_of(members, None, policy.budget))
