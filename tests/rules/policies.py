"""Rules and readings for tests of the decision."""

from __future__ import annotations

from typing import Any

from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.policy import (
    ActionCall,
    Expression,
    MetricLabels,
    ObjectKind,
    ObjectRef,
    Operator,
    RulePolicy,
)

GI = 2**30
RESIZE = "openstorage.io.action.volume/resize"
USAGE = "100 * (kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes)"
CAPACITY = "kubelet_volume_stats_capacity_bytes"
CLAIM = ObjectRef("PersistentVolumeClaim", "db", "pg", "uid-pg")


def more_than(value: str, promql: str = USAGE) -> Expression:
    return Expression(promql, Operator.GT, (value,))


def policy(**changes: Any) -> RulePolicy:
    """Resizes the claims that are more than half full, once that has been so for 30 s."""
    fields: dict[str, Any] = {
        "name": "volume-resize",
        "uid": "uid-volume-resize",
        "generation": 1,
        "created_at": 0.0,
        "kind": ObjectKind.CLAIM,
        "labels": MetricLabels(("namespace",), ("persistentvolumeclaim",)),
        "expressions": (more_than("50"),),
        "actions": (ActionCall(RESIZE),),
    }
    return RulePolicy(**(fields | changes))


def met(at: float) -> Reading:
    return Reading(True, at, ("60",), message="usage is 60 (Gt 50)")


def cleared(at: float) -> Reading:
    return Reading(False, at, ("40",), message="usage is 40 (Gt 50)")
