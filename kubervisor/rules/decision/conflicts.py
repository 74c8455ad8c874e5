"""Several rules about one object: which of them may act on it, and since when it is left alone."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from kubervisor.instants import render
from kubervisor.rules.decision.facts import Permission
from kubervisor.rules.decision.policy import ObjectRef, RulePolicy
from kubervisor.rules.decision.states import Reason, Standing, State

OWNS = {State.PENDING: 1, State.IN_PROGRESS: 2}
"""Whoever is in these states has the object, whatever another rule's weight; the last one first."""


@dataclass(frozen=True, slots=True)
class Stake:
    """One rule's standing about one object. `read_at` is when the metrics were read by which it
    would act (Unix seconds); that of others is not asked for.
    """

    policy: RulePolicy
    object: ObjectRef
    standing: Standing
    read_at: float = math.inf


def rival(one: Stake, others: Iterable[Stake], now: float) -> Permission:
    """Whether another rule is to act on the object first, or has just acted on it.

    A rule whose actions are pending or in progress has the object, unless they failed and are not
    tried again yet. Else it is the rule with the highest weight, then the older one, then by name,
    among those whose condition has held long enough and that wait for nothing but a window or
    another rule: not for an approval, nor for what refused them. Rules that never act stand in
    nobody's way.

    Once an action of another rule began, the object is left alone for that rule's cool-down, and
    for as long after it has ended. (For its own cool-down each rule waits by itself.) And metrics
    that were read before it can have ended are no evidence of what came of it.
    """
    rivals = [other for other in others if other.policy.uid != one.policy.uid]
    first = min([one, *(other for other in rivals if _wants(other, now))], key=_rank)
    if first is not one:
        return Permission(Reason.OTHER_RULE, _conflict(one, first))
    cooling = ((_left_alone_until(other, now), other) for other in rivals)
    until, last = max(cooling, key=lambda pair: pair[0], default=(0.0, one))
    if now < until:
        return Permission(Reason.COOLING_DOWN, _cooling(last, until))
    if any(one.read_at < _ended_before(other, now) + 1 for other in rivals):
        message = f"another rule has acted on {one.object}: the next poll shows what came of it"
        return Permission(Reason.COOLING_DOWN, message)
    return Permission()


def _rank(stake: Stake) -> tuple[int, int, float, str]:
    policy = stake.policy
    return -OWNS.get(stake.standing.state, 0), -policy.weight, policy.created_at, policy.name


def _wants(stake: Stake, now: float) -> bool:
    standing, policy = stake.standing, stake.policy
    if standing.state is State.IN_PROGRESS:
        return True
    if policy.dry_run or not policy.actions:
        return False
    if standing.state is State.TRIGGERED:
        has_held = standing.met_since is not None and now - standing.met_since >= policy.hold_for
        return has_held and standing.reason != Reason.NOT_NOW
    if standing.state is State.PENDING:
        return now >= standing.not_before
    return standing.state is State.AWAITING_WINDOW


def _left_alone_until(stake: Stake, now: float) -> float:
    """Instants that a clock has set back to the future count as now."""
    standing, cool_down = stake.standing, stake.policy.cool_down
    begins = [*standing.acted[-1:], *([standing.since] if standing.state is State.TAKEN else [])]
    return max((min(at, now) + cool_down for at in begins), default=0.0)


def _ended_before(stake: Stake, now: float) -> float:
    """When the last action of the rule had ended at the latest: it is in another state since."""
    return min(stake.standing.since, now) if stake.standing.acted else -math.inf


def _conflict(one: Stake, first: Stake) -> str:
    what = "acts" if first.standing.state in OWNS else "goes first"
    weight = f"weight {first.policy.weight}, here {one.policy.weight}"
    return (
        f"rule {one.policy.name} waits: rule {first.policy.name} ({weight}) {what} on {one.object}"
    )


def _cooling(last: Stake, until: float) -> str:
    return (
        f"{last.object} is left alone until {render(math.ceil(until), 'seconds')}, the cool-down "
        f"of rule {last.policy.name}, which has acted on it"
    )
