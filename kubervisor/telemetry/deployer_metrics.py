"""What a pod's deployer says of itself: few series, because every pod with data has one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector


class DeployerMetrics:
    """The metrics of one deployer, in a registry of their own. `name` is the pod's own name of its
    data.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.ready = Gauge(
            "kubervisor_data_deployer_ready",
            "1 while the pod has the version it is asked to have.",
            ("name",),
            registry=self.registry,
        )
        self.deployments = Counter(
            "kubervisor_data_deployer_deployments_total",
            "Times that a name was switched to another version.",
            ("name",),
            registry=self.registry,
        )
        self.failures = Counter(
            "kubervisor_data_deployer_failures_total",
            "Tries to bring a version that failed, and why.",
            ("name", "reason"),
            registry=self.registry,
        )
        self.downloaded = Counter(
            "kubervisor_data_deployer_downloaded_bytes_total",
            "Bytes of archives that the repository gave.",
            registry=self.registry,
        )
        self.last_success = Gauge(
            "kubervisor_data_deployer_last_success_timestamp_seconds",
            "When all of the pod's data was last found to be as requested.",
            registry=self.registry,
        )
