"""Published outlier rules, one file each: pure functions of what each pod served lately."""

from __future__ import annotations

from benchmarks.detection.baselines import (
    dbscan,
    envoy_failure_percentage,
    envoy_success_rate,
    grpc_a50,
    mad,
)

RULES = {
    "Envoy success rate": envoy_success_rate.RULE,
    "Envoy failure percentage": envoy_failure_percentage.RULE,
    "gRPC A50": grpc_a50.RULE,
    "MAD": mad.RULE,
    "DBSCAN": dbscan.RULE,
}
