"""The configuration with which Prometheus scrapes the workload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def scrape_config(
    workload: str, scrape_interval: float, aggregate: int, programs: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of prometheus.yaml: one target per pod, or with `aggregate` that many pages; and
    the metrics pages of `programs`.
    """
    interval = f"{round(scrape_interval * 1000)}ms"
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval},
        "scrape_configs": [
            *(_pages(workload, aggregate) if aggregate else [_pods(workload)]),
            *([_programs(programs)] if programs else ()),
        ],
    }


def _programs(addresses: Sequence[str]) -> dict[str, Any]:
    # As the chart's PodMonitor has it: namespace and service are labels of the samples.
    return {
        "job_name": "programs",
        "honor_labels": True,
        "static_configs": [{"targets": list(addresses)}],
    }


def _pods(workload: str) -> dict[str, Any]:
    return {
        "job_name": "pods",
        "http_sd_configs": [{"url": f"http://{workload}/sd", "refresh_interval": "1s"}],
    }


def _pages(workload: str, count: int) -> list[dict[str, Any]]:
    # One job per page: targets of one job may not differ in their parameters.
    return [
        {
            "job_name": f"pods-{shard}",
            "honor_labels": True,
            "metrics_path": "/metrics/aggregate",
            "params": {"shard": [str(shard)], "of": [str(count)]},
            "static_configs": [{"targets": [workload]}],
        }
        for shard in range(count)
    ]
