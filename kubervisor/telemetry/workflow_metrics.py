"""Metrics of the operator of a workflow."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kubervisor.telemetry.registry import REGISTRY, SECONDS

RESOURCES = Gauge(
    "kubervisor_workflow_resources",
    "Resources of an operator by the phase that they are in.",
    ("phase",),
    registry=REGISTRY,
)
SYNCS = Counter(
    "kubervisor_workflow_syncs_total",
    "Calls of a phase's worker by what came of them: Synced, or the reason of the failure; without "
    "a phase, those of which not even that could be stored.",
    ("phase", "outcome"),
    registry=REGISTRY,
)
SYNC_SECONDS = Histogram(
    "kubervisor_workflow_sync_seconds",
    "Time of a sync: reading, the worker, writing outputs and status.",
    buckets=SECONDS,
    registry=REGISTRY,
)
TRANSITIONS = Counter(
    "kubervisor_workflow_transitions_total",
    "Resources that went from one phase to another.",
    ("origin", "target"),
    registry=REGISTRY,
)
OUTPUTS = Counter(
    "kubervisor_workflow_outputs_total",
    "Outputs by their kind and what was done: applied, unchanged, refused, failed, pruned.",
    ("kind", "outcome"),
    registry=REGISTRY,
)
QUEUE = Gauge(
    "kubervisor_workflow_queue",
    "Resources of an operator that are due now or later.",
    registry=REGISTRY,
)
LEADER = Gauge(
    "kubervisor_workflow_leader",
    "1 while this process holds the lease of its operator.",
    registry=REGISTRY,
)
