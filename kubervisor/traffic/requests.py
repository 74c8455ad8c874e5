"""Decides on ejections that people ask for: not the evidence but the budget says yes or no."""

from __future__ import annotations

from datetime import UTC, datetime

from kubervisor.traffic.breaker import shared_pod
from kubervisor.traffic.budget import allowance, describe_out, floor_of
from kubervisor.traffic.holds import hold_length
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.plan import Action, Intent, Plan, Refusal
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason

HEEDED_SECONDS = 120.0
"""How far a request's instant may be from the controller's clock, either way: who asked has given
up long before, and clocks differ.
"""


def asked_pods(fleet: Fleet) -> tuple[Pod, ...]:
    """The members that somebody asks to have ejected, without those on their way out."""
    return tuple(
        pod
        for pod in fleet.pods
        if pod.eject_requested_at is not None
        and fleet.is_ours(pod)
        and pod.uid not in fleet.ejecting
    )


def plan_requests(fleet: Fleet, policy: ServicePolicy, asked: tuple[Pod, ...], now: float) -> Plan:
    """Which of the `asked` pods may be ejected at `now` (Unix seconds), and why the others not.

    A request is an ejection by the breaker with the highest floor: no breaker would have spared
    more, and its activator returns the pod. Panic and the rules on evidence do not apply, and the
    pod's retries do not grow: a wish says nothing of its health. As with `plan_ejections`, the plan
    is good for one write.
    """
    breaker = strictest(fleet.size, policy)
    room = allowance(fleet, breaker, policy.budget)
    intents: list[Intent] = []
    refused: list[Refusal] = []
    for pod in asked:
        no = _why_not(fleet, pod, now, {intent.pod.uid for intent in intents})
        if no is None and len(intents) >= room.left:
            no = Reason.BUDGET_EXHAUSTED, f"{room}{describe_out(fleet)}"
        if no is not None:
            refused.append(refusal(pod, *no, breaker=breaker.name))
        else:
            intents.append(_ejection(pod, breaker))
    return Plan(tuple(intents), tuple(refused))


def strictest(members: int, policy: ServicePolicy) -> BreakerPolicy:
    """The breaker with the highest floor, the first of several. Raises ValueError without any."""
    return max(policy.breakers, key=lambda breaker: floor_of(members, breaker, policy.budget))


def refusal(pod: Pod, reason: Reason, note: str, *, breaker: str = "") -> Refusal:
    """The request for `pod` turned down; the note begins with the request's own words."""
    return Refusal(pod, reason, breaker, f"{_words(pod)}; {note}")


def _why_not(fleet: Fleet, pod: Pod, now: float, taken: set[PodUid]) -> tuple[Reason, str] | None:
    asked_at = pod.eject_requested_at or 0.0
    if abs(now - asked_at) > HEEDED_SECONDS:
        return (
            Reason.REQUEST_EXPIRED,
            f"that is more than {HEEDED_SECONDS:g} s away from now; ask again",
        )
    if pod.is_out:
        return Reason.NOT_SERVING, "it is out of traffic already"
    if not fleet.is_serving(pod):
        return Reason.NOT_SERVING, "it does not serve: there is no traffic to take away"
    return shared_pod(fleet, pod, taken)


def _ejection(pod: Pod, breaker: BreakerPolicy) -> Intent:
    return Intent(
        Action.EJECT,
        pod,
        Reason.REQUESTED,
        breaker=breaker.name,
        evidence=_words(pod),
        hold=hold_length(breaker.activator, pod.retries, seed=pod.uid),
        retries=pod.retries,
    )


def _words(pod: Pod) -> str:
    """The sentence by which whoever asked finds the answer."""
    asked_at = datetime.fromtimestamp(pod.eject_requested_at or 0.0, UTC)
    return f"asked for by hand at {asked_at:%Y-%m-%dT%H:%M:%SZ}"
