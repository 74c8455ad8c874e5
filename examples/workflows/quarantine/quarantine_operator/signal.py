"""What is told of the workload."""

from __future__ import annotations

from kubervisor.workflow import Metrics

from quarantine_operator.metrics import security_alerts
from quarantine_operator.phases import Quarantine
from quarantine_operator.spec import QuarantineStatus


def alerts(quarantine: Quarantine, metrics: Metrics) -> float | None:
    """Alerts per second about it, None where nothing is said of it, which is not calm."""
    spec = quarantine.spec
    return security_alerts(
        metrics,
        namespace=quarantine.namespace,
        name=spec.deployment,
        interval=spec.measurement_interval,
    ).value


def is_above(quarantine: Quarantine, rate: float) -> bool:
    """Whether that is more than nothing."""
    return rate > quarantine.spec.threshold


def with_peak(status: QuarantineStatus, rate: float) -> QuarantineStatus:
    """The status that knows of it."""
    peak = rate if status.peak is None else max(status.peak, rate)
    return status.model_copy(update={"peak": peak})


def told(quarantine: Quarantine, rate: float | None) -> str:
    """The signal, in words."""
    name = quarantine.spec.deployment
    if rate is None:
        return f"nothing is said of {name}"
    return f"{rate:.3g} alerts per second about {name}, {quarantine.spec.threshold:.3g} are nothing"
