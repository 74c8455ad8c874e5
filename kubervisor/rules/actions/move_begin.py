"""The first deed of a relocation: the workload is stopped, and says what for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from kubervisor.rules.actions.action import Change, Do, Object, Patch
from kubervisor.rules.actions.move_fields import (
    COPY_OF,
    generation_unchanged,
    name_of,
    policy_of,
)
from kubervisor.rules.actions.move_journal import Journal, Stage, write_journal
from kubervisor.rules.actions.move_plan import Plan
from kubervisor.rules.actions.objects import annotation, field
from kubervisor.rules.decision.policy import ObjectRef

REPLICAS = "replicas"
"""What the intent's progress holds once the workload was stopped: its replicas of before."""

_LONGEST_BASE = 200


def begin(target: ObjectRef, plan: Plan, goal: Mapping[str, str], now: float) -> Do:
    """Stop the workload, and note in the same patch that it is stopped for a move."""
    workload = plan.workload
    replicas = field(workload.thing, "spec", "replicas") or 0
    generation = workload.thing["metadata"]["generation"]
    stops = replicas > workload.stopped_at
    journal = Journal(
        stage=Stage.STOPPED,
        claim=target.uid,
        volume=name_of(plan.volume),
        policy=policy_of(plan.volume),
        goal=dict(goal),
        replicas=replicas,
        stopped_at=workload.stopped_at,
        # A change of the spec is one generation, an annotation none.
        generation=generation + stops,
        began=int(now),
        copy=_copy_name(plan.claim, now),
        node=plan.node,
    )
    changes = [generation_unchanged(workload.thing), write_journal(workload.thing, journal)]
    if stops:
        changes.append(Change("/spec/replicas", replicas, workload.stopped_at))
    return Do(Patch(workload.ref, tuple(changes)), {REPLICAS: str(replicas)})


def _copy_name(claim: Object, now: float) -> str:
    """Another one for each try: what an earlier one left is a copy of an earlier day."""
    base = name_of(claim)
    if annotation(claim, COPY_OF) is not None:
        base = base.rpartition("-")[0] or base  # a copy itself, named here
    token = hashlib.sha256(f"{claim['metadata']['uid']} {now}".encode()).hexdigest()[:8]
    return f"{base[:_LONGEST_BASE].rstrip('.-')}-{token}"
