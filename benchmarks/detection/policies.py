"""The contenders' specifications: ours with nothing but what must be written, so all defaults are
the product's, and the original's rules as its own manifests put them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubervisor.api.policy import to_policy
from kubervisor.traffic.policy import ServicePolicy

SOURCE = {"source": "simulation"}
SELECTED = {
    "errors": 'http_requests_total{code=~"5.."}',
    "total": "http_requests_total",
}
DONE = "sum by (pod) (increase(http_request_duration_seconds_count[60s]))"
LATENCY = f"sum by (pod) (increase(http_request_duration_seconds_sum[60s])) / {DONE}"
MEMORY = "process_resident_memory_bytes"
LIMIT = 1e9
"""Bytes at which a leaking pod of the benchmark is killed."""


def ratio(**tuning: object) -> Mapping[str, Any]:
    """A breaker with `ratio`."""
    return {"name": "errors", "ratio": {**SOURCE, **SELECTED, **tuning}}


def deviation() -> Mapping[str, Any]:
    """A breaker with `deviation` on the mean latency."""
    return {"name": "latency", "deviation": {**SOURCE, "promQL": LATENCY, "requests": DONE}}


def trend() -> Mapping[str, Any]:
    """A breaker with `trend` on memory, judged every 30 s as its documentation advises."""
    return {
        "name": "memory",
        "evaluationPeriod": 30,
        "trend": {**SOURCE, "promQL": MEMORY, "above": LIMIT},
    }


def discrete() -> Mapping[str, Any]:
    """The original's detector of outcomes, with its defaults."""
    return {
        "name": "errors",
        "discreteValueOutOfList": {
            **SOURCE,
            "promQL": "sum by (pod, code) (increase(http_requests_total[60s]))",
            "key": "code",
            "podNamekey": "pod",
            "goodValues": ["200"],
        },
    }


def continuous() -> Mapping[str, Any]:
    """The original's detector of values, with its defaults, on the mean latency."""
    return {
        "name": "latency",
        "continuousValueDeviation": {**SOURCE, "promQL": LATENCY, "podNamekey": "pod"},
    }


def policy(*breakers: Mapping[str, Any]) -> ServicePolicy:
    """The policy of a KubervisorService with these breakers and nothing else."""
    return to_policy({"service": "simulated", "breakers": list(breakers)})
