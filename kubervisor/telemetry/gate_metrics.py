"""What the gate of a rollout says of itself: few series, because every canary pod has one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector


class GateMetrics:
    """The metrics of one gate, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.healthy = Gauge(
            "kubervisor_watchdog_gate_healthy",
            "1 while /healthz answers 200.",
            registry=self.registry,
        )
        self.read_errors = Counter(
            "kubervisor_watchdog_gate_read_errors_total",
            "Looks at the pod that failed, and why.",
            ("reason",),
            registry=self.registry,
        )
