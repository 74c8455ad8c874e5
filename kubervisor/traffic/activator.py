"""Decides whom an activator gives traffic back, and whose ejection it ends for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kubervisor.traffic.budget import fleet_floor
from kubervisor.traffic.model import Fleet, PodUid
from kubervisor.traffic.plan import Plan
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.returns import plan_due_returns, plan_early_returns, plan_lost_returns
from kubervisor.traffic.terminations import Circumstances, plan_terminations


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of the pods that are out, beyond what they carry themselves.

    `remaining` are the seconds left of each hold, `scores` the pods' worst last scores, `flagged`
    the pods that evidence without traffic still calls outliers and for how many seconds they have
    been out, `recent` the ages (seconds) of the last returns. Without `circumstances` nobody is
    paused or terminated.
    """

    remaining: Mapping[PodUid, float]
    scores: Mapping[PodUid, float]
    flagged: Mapping[PodUid, float]
    recent: tuple[float, ...]
    circumstances: Circumstances | None


def plan_returns(fleet: Fleet, policy: ServicePolicy, held: Held) -> Plan:
    """One pass over the pods that are out. A pod may be named twice; its first intent counts.

    First the pods whose workload let go of them, then early returns, then what never recovers, then
    the holds that are over.
    """
    floor = fleet_floor(fleet.size, policy)
    lost = plan_lost_returns(fleet)
    early = plan_early_returns(fleet, floor, held.scores)
    ended = Plan()
    if held.circumstances is not None:
        below = len(fleet.serving) < floor
        ended = plan_terminations(fleet, policy, replace(held.circumstances, below_floor=below))
    due = plan_due_returns(
        fleet,
        policy,
        held.remaining,
        ending={intent.pod.uid for intent in ended.intents},
        flagged=held.flagged,
        recent=held.recent,
    )
    intents = lost.intents + early.intents + ended.intents + due.intents
    return Plan(intents, ended.refused, wake_in=due.wake_in)
