"""Every metric of the process, declared once. No pod label: evidence belongs to Events and logs.

`detected / enforced / overflow` are Envoy's split: judged outliers, ejections done, and ejections
that the budget refused.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from kubervisor.telemetry.series import Counters, Gauges

# They are a third of all series, and nobody asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_SERVICE = ("namespace", "service")
_BREAKER = ("namespace", "service", "breaker")
_ROLLOUT = ("namespace", "source")
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

BUILD = Gauge(
    "kubervisor_build_info",
    "1, with the versions of Kubervisor and Python.",
    ("version", "python"),
    registry=REGISTRY,
)
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
STEP_DURATION = Histogram(
    "kubervisor_step_duration_seconds",
    "Duration of steps.",
    ("loop",),
    buckets=_SECONDS,
    registry=REGISTRY,
)
STEP_LATENESS = Histogram(
    "kubervisor_step_lateness_seconds",
    "How late evaluations began.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
STEP_ERRORS = Counter(
    "kubervisor_step_errors_total", "Steps that failed.", ("loop", "error"), registry=REGISTRY
)
EVALUATIONS = Counter(
    "kubervisor_evaluations_total",
    "Evaluations by outcome: judged, inconclusive, error.",
    ("outcome",),
    registry=REGISTRY,
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
    buckets=_SECONDS,
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
    buckets=_SECONDS,
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
RECONCILES = Counter(
    "kubervisor_reconcile_total", "KubervisorServices reconciled.", ("result",), registry=REGISTRY
)
RECONCILE_DURATION = Histogram(
    "kubervisor_reconcile_duration_seconds",
    "Duration of reconciling a KubervisorService or writing its status.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
QUEUE_DEPTH = Gauge(
    "kubervisor_workqueue_depth",
    "KubervisorServices that wait to be reconciled, or for their status; pods with watchdogs that "
    "wait to be looked at.",
    ("queue",),
    registry=REGISTRY,
)
WORKERS = Gauge("kubervisor_workers", "KubervisorServices that run.", registry=REGISTRY)
PROBES = Counter(
    "kubervisor_watchdog_probes_total",
    "Probes of watchdogs by what was heard: Info, Warning, Error, or the reason why nothing was.",
    ("outcome",),
    registry=REGISTRY,
)
PROBE_LATENESS = Histogram(
    "kubervisor_watchdog_probe_lateness_seconds",
    "How late probes began because as many as may were under way.",
    buckets=_SECONDS,
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
DATA_PHASE = Gauges(
    "kubervisor_data_rollout_phase",
    "1 for the phase that the rollout of a source's data is in: Waiting, Settled, RollingOut, "
    "RollingBack.",
    (*_ROLLOUT, "phase"),
    registry=REGISTRY,
)
DATA_USERS = Gauges(
    "kubervisor_data_rollout_users",
    "Pods that use a source by what they are asked to have: lastKnownGood, candidate, other.",
    (*_ROLLOUT, "version"),
    registry=REGISTRY,
)
DATA_PROMOTIONS = Counters(
    "kubervisor_data_rollout_promotions_total",
    "Versions of data that became the last known good one after a rollout.",
    _ROLLOUT,
    registry=REGISTRY,
)
DATA_ROLLBACKS = Counters(
    "kubervisor_data_rollout_rollbacks_total",
    "Versions of data that were taken back, and why.",
    (*_ROLLOUT, "reason"),
    registry=REGISTRY,
)
DATA_REQUESTS = Counters(
    "kubervisor_data_rollout_requests_written_total",
    "Pods asked for a version of data.",
    _ROLLOUT,
    registry=REGISTRY,
)
DATA_WRITE_ERRORS = Counter(
    "kubervisor_data_rollout_write_errors_total",
    "Writes of data rollouts that failed, by what was written (pod, status, object) and why; each "
    "is tried again.",
    ("target", "error"),
    registry=REGISTRY,
)
DATA_REPOSITORY_UP = Gauge(
    "kubervisor_data_repository_up",
    "1 while the data repository gives its manifest.",
    registry=REGISTRY,
)
DATA_REPOSITORY_AGE = Gauge(
    "kubervisor_data_repository_age_seconds",
    "Seconds since the data repository gave its manifest last; 0 before the first time.",
    registry=REGISTRY,
)
DATA_LEADER = Gauge(
    "kubervisor_data_rollout_leader",
    "1 while this process holds the lease of data rollouts.",
    registry=REGISTRY,
)
RULE_OBJECTS = Gauges(
    "kubervisor_rule_objects",
    "Objects of an AutopilotRule by the state that it is in about them, such as Normal or "
    "ActiveActionsInProgress.",
    ("rule", "state"),
    registry=REGISTRY,
)
RULE_ACTIONS = Counters(
    "kubervisor_rule_actions_total",
    "Actions of an AutopilotRule by what became of them: begun, taken, failed, refused.",
    ("rule", "action", "outcome"),
    registry=REGISTRY,
)
RULE_POLLS = Counters(
    "kubervisor_rule_polls_total",
    "Questions that an AutopilotRule asked its source, by outcome: Answered, or why not.",
    ("rule", "outcome"),
    registry=REGISTRY,
)
RULE_POLL_SECONDS = Histogram(
    "kubervisor_rule_poll_seconds",
    "Time until a source has answered the question of a rule.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
RULE_APPROVALS = Gauges(
    "kubervisor_rule_approvals_pending",
    "Objects of an AutopilotRule whose actions wait for a person's word.",
    ("rule",),
    registry=REGISTRY,
)
RULE_UNAUTHORIZED = Gauges(
    "kubervisor_rule_unauthorized_volumes",
    "Claims whose volumes are used outside the namespaces and workloads that they allow, as far as "
    "an AutopilotRule looks.",
    ("rule",),
    registry=REGISTRY,
)
RULE_WRITE_ERRORS = Counter(
    "kubervisor_rule_write_errors_total",
    "Writes of remediation rules that failed, by what was written (object, status, approval, "
    "action) and why; each is tried again.",
    ("target", "error"),
    registry=REGISTRY,
)
RULE_LEADER = Gauge(
    "kubervisor_rule_leader",
    "1 while this process holds the lease of remediation rules.",
    registry=REGISTRY,
)
WORKFLOW_RESOURCES = Gauge(
    "kubervisor_workflow_resources",
    "Resources of an operator by the phase that they are in.",
    ("phase",),
    registry=REGISTRY,
)
WORKFLOW_SYNCS = Counter(
    "kubervisor_workflow_syncs_total",
    "Calls of a phase's worker by what came of them: Synced, or the reason of the failure; without "
    "a phase, those of which not even that could be stored.",
    ("phase", "outcome"),
    registry=REGISTRY,
)
WORKFLOW_SYNC_SECONDS = Histogram(
    "kubervisor_workflow_sync_seconds",
    "Time of a sync: reading, the worker, writing outputs and status.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
WORKFLOW_TRANSITIONS = Counter(
    "kubervisor_workflow_transitions_total",
    "Resources that went from one phase to another.",
    ("origin", "target"),
    registry=REGISTRY,
)
WORKFLOW_OUTPUTS = Counter(
    "kubervisor_workflow_outputs_total",
    "Outputs by their kind and what was done: applied, unchanged, refused, failed, pruned.",
    ("kind", "outcome"),
    registry=REGISTRY,
)
WORKFLOW_QUEUE = Gauge(
    "kubervisor_workflow_queue",
    "Resources of an operator that are due now or later.",
    registry=REGISTRY,
)
WORKFLOW_LEADER = Gauge(
    "kubervisor_workflow_leader",
    "1 while this process holds the lease of its operator.",
    registry=REGISTRY,
)
LEADER = Gauge("kubervisor_leader", "1 while this process holds the lease.", registry=REGISTRY)
WATCHDOG_LEADER = Gauge(
    "kubervisor_watchdog_leader",
    "1 while this process holds the lease of watchdogs.",
    registry=REGISTRY,
)

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
_PER_RULE = (RULE_OBJECTS, RULE_ACTIONS, RULE_POLLS, RULE_APPROVALS, RULE_UNAUTHORIZED)
_PER_ROLLOUT = (DATA_PHASE, DATA_USERS, DATA_PROMOTIONS, DATA_ROLLBACKS, DATA_REQUESTS)


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


def begin_rollout(namespace: str, source: str) -> None:
    """Show the rollout's counters at 0: `increase()` does not see a counter's first value."""
    for metric in (DATA_PROMOTIONS, DATA_REQUESTS):
        metric.labels(namespace, source)


def forget_rollout(namespace: str, source: str) -> None:
    """Drop the series of a rollout that is gone."""
    for metric in _PER_ROLLOUT:
        metric.remove_by_labels({"namespace": namespace, "source": source})


def forget_rule(rule: str) -> None:
    """Drop the series of a remediation rule that is gone."""
    for metric in _PER_RULE:
        metric.remove_by_labels({"rule": rule})
