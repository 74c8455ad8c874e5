"""Decides who gets traffic back: when the hold is over, or early when others left too few
serving.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from kubervisor.traffic.model import Fleet, Pod, PodUid, Traffic
from kubervisor.traffic.plan import Action, Intent, Plan
from kubervisor.traffic.policy import ActivatorPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason

POSTPONED_LOOK = 1.0
"""Seconds until a postponed or staggered return is looked at again."""


def activator_of(pod: Pod, policy: ServicePolicy) -> ActivatorPolicy:
    """The one activator of an ejected pod: that of the breaker that ejected it, or the default."""
    name = pod.ejection.breaker if pod.ejection else ""
    return next((b.activator for b in policy.breakers if b.name == name), policy.default_activator)


def ejected_pods(fleet: Fleet) -> tuple[Pod, ...]:
    """Members that we have out, without unconfirmed writes: neither paused, held by hand, nor
    another KubervisorService's.
    """
    return tuple(
        pod
        for pod in fleet.out
        if pod.traffic is Traffic.NO
        and pod.ejection is not None
        and fleet.is_ours(pod)
        and pod.uid not in fleet.returning
        and pod.uid not in fleet.terminating
    )


def plan_early_returns(fleet: Fleet, floor: int, scores: Mapping[PodUid, float]) -> Plan:
    """Ready ejected pods to return at once because fewer than `floor` serve; best score first.

    Ejections of ours never leave fewer than the floor, so others' acts did: a drain, a crash, a
    scale-down. Returns that the watch has not shown yet are counted, or each step would add one.
    """
    ready = [pod for pod in ejected_pods(fleet) if pod.ready]
    if not ready:
        return Plan()
    coming = sum(
        pod.uid in fleet.returning and pod.ready and not fleet.is_serving(pod) for pod in fleet.pods
    )
    missing = floor - len(fleet.serving) - coming
    best_first = sorted(ready, key=lambda pod: (scores.get(pod.uid, 0.0), pod.retries, pod.name))
    note = f"{len(fleet.serving)} of {fleet.size} serving, floor {floor}"
    return Plan(
        intents=tuple(
            _return(pod, Reason.BELOW_FLOOR, note) for pod in best_first[: max(0, missing)]
        )
    )


def plan_due_returns(
    fleet: Fleet,
    policy: ServicePolicy,
    remaining: Mapping[PodUid, float],
    *,
    ending: Collection[PodUid],
    flagged: Mapping[PodUid, float],
    recent: Iterable[float],
) -> Plan:
    """Ejected pods whose hold is over, longest due first.

    `remaining` are the seconds left of each hold, negative when overdue. `ending` are the pods that
    are about to be paused or terminated instead. `flagged` are the pods that
    evidence without traffic still calls outliers, and for how many seconds they have been out: with
    a `maxPeriod` their return waits up to it. `recent` are the ages (seconds) of this Service's
    last returns, for the stagger.
    """
    ejected = ejected_pods(fleet)
    if not ejected:
        return Plan()
    ages = list(recent)
    intents: list[Intent] = []
    waits: list[float] = []
    for pod in sorted(ejected, key=lambda p: (remaining.get(p.uid, 0.0), p.name)):
        left = remaining.get(pod.uid, 0.0)
        activator = activator_of(pod, policy)
        if left > 0:
            waits.append(left)
        elif pod.uid in ending:
            continue
        elif _is_postponed(pod, activator, flagged) or not _has_turn(
            activator, fleet.size, ages, len(intents)
        ):
            waits.append(POSTPONED_LOOK)
        else:
            intents.append(_return(pod, Reason.HOLD_ELAPSED, "its time out of traffic is over"))
    return Plan(tuple(intents), wake_in=min(waits, default=None))


def plan_hand_returns(fleet: Fleet) -> Plan:
    """Pods that a person returned: what the ejection left on them is cleared, as by our own
    return.
    """
    return Plan(
        tuple(
            _return(pod, Reason.BY_HAND, "its label was set to yes by hand")
            for pod in fleet.pods
            if pod.returned_by_hand
            and fleet.is_ours(pod)
            and pod.uid not in fleet.returning | fleet.ejecting
        )
    )


def plan_lost_returns(fleet: Fleet) -> Plan:
    """Ejected pods that had a controller when they were ejected and have none, or another, now.

    The workload's own selector contains our key: relabelling made it let go of the pod. It is
    returned, and the caller stops ejecting.
    """
    note = (
        "its controller let go of it: the workload's selector must not contain kubervisor/traffic"
    )
    return Plan(
        intents=tuple(
            _return(pod, Reason.WORKLOAD_SELECTS_TRAFFIC, note)
            for pod in ejected_pods(fleet)
            if pod.ejection
            and pod.ejection.owner_uid
            and (pod.owner is None or pod.owner.uid != pod.ejection.owner_uid)
        )
    )


def plan_return_of_all(pods: Collection[Pod], reason: Reason, note: str) -> Plan:
    """Every pod that is out, paused and hand-held ones too, gets its traffic back."""
    return Plan(intents=tuple(_return(pod, reason, note) for pod in pods if pod.is_out))


def _is_postponed(pod: Pod, activator: ActivatorPolicy, flagged: Mapping[PodUid, float]) -> bool:
    if activator.max_period is None or pod.uid not in flagged:
        return False
    return flagged[pod.uid] < activator.max_period


def _has_turn(activator: ActivatorPolicy, members: int, ages: list[float], planned: int) -> bool:
    """True where the stagger (max(1, 10 % of members) per `return_stagger` seconds) leaves a
    place.
    """
    if not activator.return_stagger:
        return True
    places = max(1, math.floor(members * 0.1))
    return planned + sum(age < activator.return_stagger for age in ages) < places


def _return(pod: Pod, reason: Reason, note: str) -> Intent:
    return Intent(
        Action.RETURN,
        pod,
        reason,
        breaker=pod.ejection.breaker if pod.ejection else "",
        evidence=note,
        retries=pod.retries,
    )
