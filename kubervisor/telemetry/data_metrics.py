"""Metrics of data rollouts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from kubervisor.telemetry.registry import REGISTRY
from kubervisor.telemetry.series import Counters, Gauges

_ROLLOUT = ("namespace", "source")

PHASE = Gauges(
    "kubervisor_data_rollout_phase",
    "1 for the phase that the rollout of a source's data is in: Waiting, Settled, RollingOut, "
    "RollingBack.",
    (*_ROLLOUT, "phase"),
    registry=REGISTRY,
)
USERS = Gauges(
    "kubervisor_data_rollout_users",
    "Pods that use a source by what they are asked to have: lastKnownGood, candidate, other.",
    (*_ROLLOUT, "version"),
    registry=REGISTRY,
)
PROMOTIONS = Counters(
    "kubervisor_data_rollout_promotions_total",
    "Versions of data that became the last known good one after a rollout.",
    _ROLLOUT,
    registry=REGISTRY,
)
ROLLBACKS = Counters(
    "kubervisor_data_rollout_rollbacks_total",
    "Versions of data that were taken back, and why.",
    (*_ROLLOUT, "reason"),
    registry=REGISTRY,
)
REQUESTS = Counters(
    "kubervisor_data_rollout_requests_written_total",
    "Pods asked for a version of data.",
    _ROLLOUT,
    registry=REGISTRY,
)
WRITE_ERRORS = Counter(
    "kubervisor_data_rollout_write_errors_total",
    "Writes of data rollouts that failed, by what was written (pod, status, object) and why; each "
    "is tried again.",
    ("target", "error"),
    registry=REGISTRY,
)
REPOSITORY_UP = Gauge(
    "kubervisor_data_repository_up",
    "1 while the data repository gives its manifest.",
    registry=REGISTRY,
)
REPOSITORY_AGE = Gauge(
    "kubervisor_data_repository_age_seconds",
    "Seconds since the data repository gave its manifest last; 0 before the first time.",
    registry=REGISTRY,
)
LEADER = Gauge(
    "kubervisor_data_rollout_leader",
    "1 while this process holds the lease of data rollouts.",
    registry=REGISTRY,
)

_PER_ROLLOUT = (PHASE, USERS, PROMOTIONS, ROLLBACKS, REQUESTS)


def begin_rollout(namespace: str, source: str) -> None:
    """Show the rollout's counters at 0: `increase()` does not see a counter's first value."""
    for metric in (PROMOTIONS, REQUESTS):
        metric.labels(namespace, source)


def forget_rollout(namespace: str, source: str) -> None:
    """Drop the series of a rollout that is gone."""
    for metric in _PER_ROLLOUT:
        metric.remove_by_labels({"namespace": namespace, "source": source})
