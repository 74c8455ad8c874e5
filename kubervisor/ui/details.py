"""The parts of a Service's document that are made from its desk and its record."""

from __future__ import annotations

import shlex
from typing import Any

import msgspec

from kubervisor.kube.records import SpecRecord
from kubervisor.runtime.assignment import Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.restoring import decisions_in
from kubervisor.traffic.budget import allowance, cap_of, describe_out, fleet_floor
from kubervisor.traffic.model import Fleet, Traffic
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.ui import detectors
from kubervisor.ui.documents import ServiceRow, cut
from kubervisor.ui.memory import Memory, Told
from kubervisor.ui.scores import numbers_of
from kubervisor.ui.service_documents import (
    MOST_SPEC_BYTES,
    Breaker,
    BreakerRoom,
    Budget,
    Decision,
    Kept,
)

MOST_KEPT = 200


def counted(row: ServiceRow, fleet: Fleet, budget: Budget | None) -> ServiceRow:
    """The row with the numbers of now: a status follows a moment later."""
    if budget is None:
        return row
    return msgspec.structs.replace(
        row,
        members=fleet.size,
        serving=len(fleet.serving),
        ejected=sum(pod.traffic is Traffic.NO for pod in fleet.pods),
        paused=sum(pod.traffic is Traffic.PAUSE for pod in fleet.pods),
        floor=budget.floor,
        may_eject=budget.may_eject,
    )


def budget_of(fleet: Fleet, policy: ServicePolicy, desk: Desk) -> Budget:
    """The numbers of the budget now."""
    rooms = {one.name: allowance(fleet, one, policy.budget) for one in policy.breakers}
    guarding = desk.assignment.stance is Stance.GUARD
    widest = max(rooms.values(), key=lambda room: room.left, default=None)
    return Budget(
        members=fleet.size,
        serving=len(fleet.serving),
        out=len(fleet.out),
        floor=fleet_floor(fleet.size, policy),
        cap=cap_of(fleet.size, policy.budget),
        may_eject=widest.left if widest and guarding else 0,
        said=f"{widest}{describe_out(fleet)}" if widest else "",
        breakers=[BreakerRoom(name, room.floor, room.left) for name, room in rooms.items()],
    )


def breakers_of(record: SpecRecord, desk: Desk | None) -> list[Breaker]:
    """What runs, in the order of the specification."""
    if desk is None:
        return []
    problems, answered = desk.ledger.problems, desk.ledger.answered
    found = []
    for index, policy in enumerate(desk.assignment.policy.breakers):
        problem = problems.get(policy.name)
        found.append(
            detectors.describe(
                policy,
                index,
                record.spec,
                answering=problem is None and policy.name in answered,
                problem=problem.message if problem else "",
            )
        )
    return found


def kept_of(desk: Desk | None) -> list[Kept]:
    """The outliers that stay in traffic, as of the last judgements; at most `MOST_KEPT`."""
    if desk is None:
        return []
    return [
        Kept(one.pod, one.uid, one.breaker, one.since, one.reason, cut(one.evidence))
        for kept in tuple(desk.ledger.kept.values())
        for one in kept
    ][:MOST_KEPT]


def decisions_of(memory: Memory, record: SpecRecord) -> list[Decision]:
    """Newest first; before the first judgement those that the last leader left in the status."""
    told = memory.told or [Told(one, None) for one in decisions_in(record.status)]
    return [_decision(one) for one in sorted(told, key=lambda one: -one.decision.at)]


def _decision(told: Told) -> Decision:
    one = told.decision
    return Decision(
        id=f"{one.at:.3f}-{one.action}-{one.uid}-{one.breaker}",
        at=one.at,
        action=one.action,
        pod=one.pod,
        uid=one.uid,
        breaker=one.breaker,
        reason=one.reason,
        evidence=cut(one.evidence),
        until=told.until,
        numbers=numbers_of(told.finding) if told.finding else None,
    )


def spec_of(record: SpecRecord) -> Any:
    """The specification as stored, or a sentence where it is too large."""
    if len(msgspec.json.encode(record.spec)) <= MOST_SPEC_BYTES:
        return record.spec
    return {"error": f"The specification is larger than {MOST_SPEC_BYTES // 1024} KiB"}


def backtest_of(record: SpecRecord) -> str:
    """The command that replays the last hour with all its consequences."""
    manifest, namespace = shlex.quote(f"{record.name}.yaml"), shlex.quote(record.namespace)
    return f"kubervisor backtest -f {manifest} -n {namespace} --source URL --start -1h"
