"""Metrics of the circuit breaker.

`detected / enforced / overflow` are Envoy's split: judged outliers, ejections done, and ejections
that the budget refused.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kubervisor.telemetry.registry import REGISTRY, SECONDS
from kubervisor.telemetry.series import Counters, Gauges

_SERVICE = ("namespace", "service")
_BREAKER = ("namespace", "service", "breaker")

PODS = Gauges(
    "kubervisor_pods",
    "Members of a Service by state: serving, ejected, paused, held, waiting.",
    (*_SERVICE, "state"),
    registry=REGISTRY,
)
FLOOR = Gauges("kubervisor_floor_pods", "Fewest pods that must serve.", _SERVICE, registry=REGISTRY)
DETECTED = Counters(
    "kubervisor_ejections_detected_total",
    "Outliers judged, counted when they begin.",
    _BREAKER,
    registry=REGISTRY,
)
ENFORCED = Counters(
    "kubervisor_ejections_enforced_total", "Pods taken out of traffic.", _BREAKER, registry=REGISTRY
)
OVERFLOW = Counters(
    "kubervisor_ejections_overflow_total",
    "Ejections that the budget refused, counted when the refusal begins.",
    _BREAKER,
    registry=REGISTRY,
)
RETURNS = Counters(
    "kubervisor_returns_total", "Pods given back to traffic.", _SERVICE, registry=REGISTRY
)
TERMINATIONS = Counters(
    "kubervisor_terminations_total",
    "Pods evicted or deleted because they never recovered.",
    _SERVICE,
    registry=REGISTRY,
)
PAUSES = Counters(
    "kubervisor_pauses_total",
    "Pods kept without traffic for inspection.",
    _SERVICE,
    registry=REGISTRY,
)
PANICKING = Gauges("kubervisor_panicking", "1 while a breaker panics.", _SERVICE, registry=REGISTRY)
BELOW_FLOOR = Gauges(
    "kubervisor_below_floor",
    "1 while fewer pods serve than the floor.",
    _SERVICE,
    registry=REGISTRY,
)
SOURCE_FAILING = Gauges(
    "kubervisor_source_failing",
    "1 while a breaker's source gives no usable answer.",
    _BREAKER,
    registry=REGISTRY,
)
STILL_RECEIVING = Gauges(
    "kubervisor_ejected_receiving_pods",
    "Pods out of traffic that requests still reach, long after their ejection.",
    _SERVICE,
    registry=REGISTRY,
)
ONE_NODE = Gauges(
    "kubervisor_outliers_on_one_node",
    "1 while all outliers of a breaker, two or more, are on one node; the Event names it.",
    _BREAKER,
    registry=REGISTRY,
)
PAUSED_SECONDS = Gauges(
    "kubervisor_paused_seconds",
    "Seconds since a KubervisorService was paused by annotation; 0 while it is not.",
    _SERVICE,
    registry=REGISTRY,
)
STEP_LATENESS = Histogram(
    "kubervisor_step_lateness_seconds",
    "How late evaluations began.",
    buckets=SECONDS,
    registry=REGISTRY,
)
EVALUATIONS = Counter(
    "kubervisor_evaluations_total",
    "Evaluations by outcome: judged, inconclusive, error.",
    ("outcome",),
    registry=REGISTRY,
)
PAGES = Counter(
    "kubervisor_pages_total",
    "Metrics pages of pods by outcome: Read, or the reason why not.",
    ("outcome",),
    registry=REGISTRY,
)
WRITE_DURATION = Histogram(
    "kubervisor_verdict_to_write_seconds",
    "From the verdict to the API server's acknowledgement of the ejection.",
    buckets=SECONDS,
    registry=REGISTRY,
)
RECONCILES = Counter(
    "kubervisor_reconcile_total", "KubervisorServices reconciled.", ("result",), registry=REGISTRY
)
RECONCILE_DURATION = Histogram(
    "kubervisor_reconcile_duration_seconds",
    "Duration of reconciling a KubervisorService or writing its status.",
    buckets=SECONDS,
    registry=REGISTRY,
)
WORKERS = Gauge("kubervisor_workers", "KubervisorServices that run.", registry=REGISTRY)
LEADER = Gauge("kubervisor_leader", "1 while this process holds the lease.", registry=REGISTRY)

_PER_BREAKER = (DETECTED, ENFORCED, OVERFLOW, SOURCE_FAILING, ONE_NODE)
_PER_SERVICE = (
    *_PER_BREAKER,
    PODS,
    FLOOR,
    RETURNS,
    TERMINATIONS,
    PAUSES,
    PANICKING,
    BELOW_FLOOR,
    STILL_RECEIVING,
    PAUSED_SECONDS,
)


def begin_breaker(namespace: str, service: str, breaker: str) -> None:
    """Show the breaker's series at 0: `increase()` does not see a counter's first value."""
    for metric in _PER_BREAKER:
        metric.labels(namespace, service, breaker)
    for metric in (RETURNS, TERMINATIONS, PAUSES, STILL_RECEIVING):
        metric.labels(namespace, service)


def forget_breaker(namespace: str, service: str, breaker: str) -> None:
    """Drop the series of a breaker that its KubervisorService no longer has."""
    for metric in _PER_BREAKER:
        metric.remove_by_labels({"namespace": namespace, "service": service, "breaker": breaker})


def forget_service(namespace: str, service: str) -> None:
    """Drop every series of a KubervisorService that is gone."""
    for metric in _PER_SERVICE:
        metric.remove_by_labels({"namespace": namespace, "service": service})
