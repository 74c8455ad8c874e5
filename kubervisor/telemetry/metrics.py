"""Metrics that every capability has: requests, watches, caches, steps."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from kubervisor.telemetry.registry import REGISTRY, SECONDS

BUILD = Gauge(
    "kubervisor_build_info",
    "1, with the versions of Kubervisor and Python.",
    ("version", "python"),
    registry=REGISTRY,
)
STEP_DURATION = Histogram(
    "kubervisor_step_duration_seconds",
    "Duration of steps.",
    ("loop",),
    buckets=SECONDS,
    registry=REGISTRY,
)
STEP_ERRORS = Counter(
    "kubervisor_step_errors_total", "Steps that failed.", ("loop", "error"), registry=REGISTRY
)
SOURCE_REQUESTS = Counter(
    "kubervisor_source_requests_total",
    "Requests to measurement sources by outcome: Answered, or the reason why not.",
    ("outcome",),
    registry=REGISTRY,
)
SOURCE_DURATION = Histogram(
    "kubervisor_source_request_duration_seconds",
    "Duration of requests to measurement sources.",
    buckets=SECONDS,
    registry=REGISTRY,
)
API_REQUESTS = Counter(
    "kubervisor_api_requests_total",
    "Requests to the API server.",
    ("verb", "resource", "code"),
    registry=REGISTRY,
)
WATCH_RESTARTS = Counter(
    "kubervisor_watch_restarts_total",
    "Watches begun again, and why.",
    ("resource", "cause"),
    registry=REGISTRY,
)
UNREADABLE = Counter(
    "kubervisor_unreadable_objects_total",
    "Objects left out of a LIST or a watch because they cannot be read; the log names them.",
    ("resource",),
    registry=REGISTRY,
)
CACHE_OBJECTS = Gauge(
    "kubervisor_cache_objects", "Objects in the caches.", ("resource",), registry=REGISTRY
)
QUEUE_DEPTH = Gauge(
    "kubervisor_workqueue_depth",
    "KubervisorServices that wait to be reconciled, or for their status; pods with watchdogs that "
    "wait to be looked at.",
    ("queue",),
    registry=REGISTRY,
)
