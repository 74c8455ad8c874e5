"""Metrics of watchdogs: probes, what was written on pods, evictions."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kubervisor.telemetry.registry import REGISTRY, SECONDS

PROBES = Counter(
    "kubervisor_watchdog_probes_total",
    "Probes of watchdogs by what was heard: Info, Warning, Error, or the reason why nothing was.",
    ("outcome",),
    registry=REGISTRY,
)
PROBE_LATENESS = Histogram(
    "kubervisor_watchdog_probe_lateness_seconds",
    "How late probes began because as many as may were under way.",
    buckets=SECONDS,
    registry=REGISTRY,
)
CUT_OFF = Gauge(
    "kubervisor_watchdog_cut_off",
    "1 while most pods do not answer their probes: nobody is evicted for silence then.",
    registry=REGISTRY,
)
MARKS = Counter(
    "kubervisor_watchdog_statuses_total",
    "Statuses of watchdogs written on pods.",
    ("level",),
    registry=REGISTRY,
)
MARK_ERRORS = Counter(
    "kubervisor_watchdog_status_errors_total",
    "Statuses of watchdogs that could not be written; each is tried again.",
    registry=REGISTRY,
)
EVICTIONS = Counter(
    "kubervisor_watchdog_evictions_total",
    "Pods in error for too long, by what became of it: evicted, deferred by a PodDisruptionBudget, "
    "refused by a limit of ours, failed, would-evict (dry run).",
    ("namespace", "outcome"),
    registry=REGISTRY,
)
LEADER = Gauge(
    "kubervisor_watchdog_leader",
    "1 while this process holds the lease of watchdogs.",
    registry=REGISTRY,
)
