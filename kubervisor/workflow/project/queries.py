"""The queries that every project may ask, by the original's names and parameters.

A success rate is the percentage of requests that were not answered with 5xx: 0 also where no other
answer was ever given, and no data where nothing was asked. Durations are the 99th percentile, of
Istio in seconds and of Envoy in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kubervisor.workflow.project.model import Query

_PARAMETERS = ("Namespace", "Name", "Interval")

_OF_WORKLOAD = (
    'destination_workload_namespace="{{ .Namespace }}", destination_workload="{{ .Name }}"'
)
_OF_PODS = (
    'kubernetes_namespace="{{ .Namespace }}", '
    'kubernetes_pod_name=~"{{ .Name }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"'
)


def _success_rate(name: str, metric: str, selected: str, code: str) -> Query:
    every = f"sum(rate({metric}{{{selected}}}[{{{{ .Interval }}}}]))"
    good = f'sum(rate({metric}{{{selected}, {code}!~"5.*"}}[{{{{ .Interval }}}}]))'
    # Divided first: without any 5xx it is 100, and not nearly so.
    return Query(name, f"100 * (({good} or 0 * {every}) / {every})", _PARAMETERS)


def _slowest(metric: str, selected: str) -> str:
    rate = f"rate({metric}{{{selected}}}[{{{{ .Interval }}}}])"
    return f"histogram_quantile(0.99, sum by (le) ({rate}))"


_ALL = (
    _success_rate("istio-success-rate", "istio_requests_total", _OF_WORKLOAD, "response_code"),
    Query(
        "istio-request_duration",
        # Istio has counted in milliseconds since 1.5.
        f"{_slowest('istio_request_duration_milliseconds_bucket', _OF_WORKLOAD)} / 1000 or "
        f"{_slowest('istio_request_duration_seconds_bucket', _OF_WORKLOAD)}",
        _PARAMETERS,
    ),
    _success_rate(
        "envoy-success-rate", "envoy_cluster_upstream_rq", _OF_PODS, "envoy_response_code"
    ),
    Query(
        "envoy-request-duration",
        _slowest("envoy_cluster_upstream_rq_time_bucket", _OF_PODS),
        _PARAMETERS,
    ),
)

BUILT_IN_QUERIES: Mapping[str, Query] = MappingProxyType({one.name: one for one in _ALL})
"""By their names."""
