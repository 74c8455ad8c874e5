"""How the workload does."""

from __future__ import annotations

from kubervisor.workflow import Metrics

from chaos_operator.metrics import istio_success_rate
from chaos_operator.phases import ChaosExperiment


def success_rate(experiment: ChaosExperiment, metrics: Metrics) -> float | None:
    """The percentage of requests to the workload that succeeded lately, None where nobody asked."""
    spec = experiment.spec
    return istio_success_rate(
        metrics,
        namespace=experiment.namespace,
        name=spec.workload,
        interval=spec.measurement_interval,
    ).value


def does_well(experiment: ChaosExperiment, rate: float) -> bool:
    """Whether that is as it should be."""
    return rate >= experiment.spec.success_threshold


def told(experiment: ChaosExperiment, rate: float) -> str:
    """A rate, in words."""
    spec = experiment.spec
    return (
        f"{rate:.4g} % of the requests to {spec.workload} succeed, "
        f"{spec.success_threshold:.4g} % must"
    )
