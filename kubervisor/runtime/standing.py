"""Composes the status of a KubervisorService from what its desk knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubervisor import instants
from kubervisor.api.status import (
    Condition,
    FleetCount,
    KubervisorServiceStatus,
    Outlier,
    PodCount,
    Recent,
)
from kubervisor.runtime.assignment import Assignment, Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.ledger import Decision, KeptOutlier
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic.budget import allowance, fleet_floor
from kubervisor.traffic.conditions import (
    NOT_EVALUATED,
    Standing,
    conditions_for,
    count_pods,
    describe_below_floor,
)
from kubervisor.traffic.conditions import Condition as Fact
from kubervisor.traffic.conditions import PodCount as Counted
from kubervisor.traffic.model import Fleet, Traffic
from kubervisor.traffic.reasons import Reason


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the status of a KubervisorService says but since when: of equal facts there is
    nothing to write.
    """

    assignment: Assignment
    standing: Standing
    pods: Counted
    fleet: FleetCount
    decisions: tuple[Decision, ...]
    kept: tuple[KeptOutlier, ...]


def facts_of(assignment: Assignment, desk: Desk) -> Facts:
    """What a desk whose worker runs knows now; the Service's gauges are set by it."""
    with desk.lock:
        fleet = desk.fleet()
        floor = fleet_floor(fleet.size, assignment.policy)
        standing = _standing(assignment, desk, fleet, floor)
        decisions = tuple(desk.ledger.decisions)
        kept = tuple(one for kept in desk.ledger.kept.values() for one in kept)
        if not desk.stopped.is_set():
            _measure(assignment, fleet, floor, standing)
    count = count_pods(desk.shared.gatherer.claimed(assignment.key))
    counted = _fleet_count(fleet, assignment, floor)
    return Facts(assignment, standing, count, counted, decisions, kept)


def compose(facts: Facts, previous: Mapping[str, Any], *, now: float) -> KubervisorServiceStatus:
    """The status of a KubervisorService whose worker runs."""
    assignment, count = facts.assignment, facts.pods
    # Oldest first in the ledger, newest first for the reader.
    recent = [
        Recent(
            time=_time(d.at),
            action=d.action,
            pod=d.pod,
            pod_uid=d.uid,
            breaker=d.breaker or None,
            reason=d.reason,
            evidence=d.evidence,
        )
        for d in reversed(facts.decisions)
    ]
    return KubervisorServiceStatus(
        conditions=_conditions(facts.standing, assignment.generation, previous, now),
        observed_generation=assignment.generation,
        start_time=previous.get("startTime") or _time(now),
        pod_count=PodCount(
            nb_pods_managed=count.managed,
            nb_pods_breaked=count.ejected,
            nb_pods_paused=count.paused,
            nb_pods_unknown=count.unknown,
        ),
        breakers=", ".join(breaker.name for breaker in assignment.policy.breakers),
        fleet=facts.fleet,
        recent=recent or None,
        outliers=[_outlier(one) for one in facts.kept] or None,
    )


def _outlier(kept: KeptOutlier) -> Outlier:
    return Outlier(
        pod=kept.pod,
        pod_uid=kept.uid,
        breaker=kept.breaker,
        since=_time(kept.since),
        reason=kept.reason,
        evidence=kept.evidence,
    )


def compose_refused(
    generation: int, reason: Reason, message: str, previous: Mapping[str, Any], *, now: float
) -> KubervisorServiceStatus:
    """The status of a KubervisorService for which nothing runs."""
    standing = Standing(
        ready=False,
        reason=reason,
        message=message,
        active=False,
        spec_valid=reason is not Reason.SPEC_INVALID,
    )
    return KubervisorServiceStatus(
        conditions=_conditions(standing, generation, previous, now),
        observed_generation=generation,
        start_time=previous.get("startTime") or _time(now),
    )


def _time(at: float) -> str:
    return instants.render(at, "seconds")


def _standing(assignment: Assignment, desk: Desk, fleet: Fleet, floor: int) -> Standing:
    ledger, stance = desk.ledger, assignment.stance
    ready, reason, message = _readiness(assignment, desk, fleet)
    return Standing(
        ready=ready,
        reason=reason,
        message=message,
        active=assignment.active,
        service_found=assignment.reason not in (Reason.SERVICE_NOT_FOUND, Reason.SERVICE_GONE),
        spec_valid=assignment.reason is not Reason.SPEC_INVALID,
        dry_run=stance is Stance.DRY_RUN,
        held=stance is Stance.HOLD,
        evaluated=bool(ledger.answered),
        problems={name: (p.reason, p.message) for name, p in ledger.problems.items()},
        mismatched=dict(ledger.mismatched),
        no_samples=ledger.no_samples,
        panicking=tuple(sorted(name for name, groups in ledger.panicking.items() if groups)),
        exhausted=dict(ledger.exhausted),
        below_floor=describe_below_floor(fleet, floor) if assignment.active else "",
        version_outlier=next(filter(None, ledger.versions.values()), ""),
        lost_pods=ledger.lost_pods,
    )


def _readiness(assignment: Assignment, desk: Desk, fleet: Fleet) -> tuple[bool, Reason, str]:
    """Ready once every member was labelled: only then may the Service select on the label."""
    ledger = desk.ledger
    if ledger.lost_pods:
        return False, Reason.WORKLOAD_SELECTS_TRAFFIC, ledger.lost_pods
    if assignment.stance in (Stance.RETURN, Stance.RELEASE, Stance.STOPPED):
        return False, assignment.reason, assignment.message
    unlabelled = [pod.name for pod in fleet.pods if pod.traffic is None]
    if unlabelled and not ledger.labelled:
        note = f"{len(unlabelled)} of {fleet.size} pods are not labelled yet"
        return False, Reason.UNLABELLED, note
    ledger.labelled = True
    return True, assignment.reason, assignment.message


def _fleet_count(fleet: Fleet, assignment: Assignment, floor: int) -> FleetCount:
    policy = assignment.policy
    rooms = [allowance(fleet, breaker, policy.budget).left for breaker in policy.breakers]
    return FleetCount(
        members=fleet.size,
        serving=len(fleet.serving),
        ejected=sum(pod.traffic is Traffic.NO for pod in fleet.pods),
        paused=sum(pod.traffic is Traffic.PAUSE for pod in fleet.pods),
        floor=floor,
        may_eject=max(rooms, default=0) if assignment.stance is Stance.GUARD else 0,
    )


def _conditions(
    standing: Standing, generation: int, previous: Mapping[str, Any], now: float
) -> list[Condition]:
    before = {c.get("type"): c for c in _previous_conditions(previous)}
    made = []
    for condition in conditions_for(standing):
        old = before.get(condition.type, {})
        if condition.reason == NOT_EVALUATED and old.get("observedGeneration") == generation:
            # A new leader does not know yet: what the last one knew stands until then.
            known = (str(old.get(name, "")) for name in ("type", "status", "reason", "message"))
            condition = Fact(*known)  # noqa: PLW2901
        same = old.get("status") == condition.status
        since = old.get("lastTransitionTime") if same else None
        made.append(
            Condition(
                type=condition.type,
                status=condition.status,
                reason=condition.reason,
                message=condition.message,
                last_transition_time=since or _time(now),
                observed_generation=generation,
            )
        )
    return made


def _previous_conditions(previous: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    conditions = previous.get("conditions")
    if not isinstance(conditions, list):
        return ()
    return [condition for condition in conditions if isinstance(condition, dict)]


def _measure(assignment: Assignment, fleet: Fleet, floor: int, standing: Standing) -> None:
    """The gauges of the Service, from the same facts as its status."""
    labels = (assignment.key.namespace, assignment.key.name)
    out = fleet.out
    held = sum(pod.is_manual_hold for pod in out)
    paused = sum(pod.traffic is Traffic.PAUSE and not pod.is_manual_hold for pod in out)
    counts = {
        "serving": len(fleet.serving),
        "ejected": len(out) - held - paused,
        "paused": paused,
        "held": held,
        "waiting": fleet.size - len(fleet.serving) - len(out),
    }
    for state, count in counts.items():
        traffic_metrics.PODS.labels(*labels, state).set(count)
    traffic_metrics.FLOOR.labels(*labels).set(floor)
    traffic_metrics.PANICKING.labels(*labels).set(bool(standing.panicking))
    traffic_metrics.BELOW_FLOOR.labels(*labels).set(bool(standing.below_floor))
