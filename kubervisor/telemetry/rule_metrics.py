"""Metrics of remediation rules."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kubervisor.telemetry.registry import REGISTRY, SECONDS
from kubervisor.telemetry.series import Counters, Gauges

OBJECTS = Gauges(
    "kubervisor_rule_objects",
    "Objects of an AutopilotRule by the state that it is in about them, such as Normal or "
    "ActiveActionsInProgress.",
    ("rule", "state"),
    registry=REGISTRY,
)
ACTIONS = Counters(
    "kubervisor_rule_actions_total",
    "Actions of an AutopilotRule by what became of them: begun, taken, failed, refused.",
    ("rule", "action", "outcome"),
    registry=REGISTRY,
)
POLLS = Counters(
    "kubervisor_rule_polls_total",
    "Questions that an AutopilotRule asked its source, by outcome: Answered, or why not.",
    ("rule", "outcome"),
    registry=REGISTRY,
)
POLL_SECONDS = Histogram(
    "kubervisor_rule_poll_seconds",
    "Time until a source has answered the question of a rule.",
    buckets=SECONDS,
    registry=REGISTRY,
)
APPROVALS = Gauges(
    "kubervisor_rule_approvals_pending",
    "Objects of an AutopilotRule whose actions wait for a person's word.",
    ("rule",),
    registry=REGISTRY,
)
UNAUTHORIZED = Gauges(
    "kubervisor_rule_unauthorized_volumes",
    "Claims whose volumes are used outside the namespaces and workloads that they allow, as far as "
    "an AutopilotRule looks.",
    ("rule",),
    registry=REGISTRY,
)
WRITE_ERRORS = Counter(
    "kubervisor_rule_write_errors_total",
    "Writes of remediation rules that failed, by what was written (object, status, approval, "
    "action) and why; each is tried again.",
    ("target", "error"),
    registry=REGISTRY,
)
LEADER = Gauge(
    "kubervisor_rule_leader",
    "1 while this process holds the lease of remediation rules.",
    registry=REGISTRY,
)

_PER_RULE = (OBJECTS, ACTIONS, POLLS, APPROVALS, UNAUTHORIZED)


def forget_rule(rule: str) -> None:
    """Drop the series of a remediation rule that is gone."""
    for metric in _PER_RULE:
        metric.remove_by_labels({"rule": rule})
