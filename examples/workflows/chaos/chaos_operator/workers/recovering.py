"""Recovering: the workload is given time to do well again."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from chaos_operator.measuring import does_well, success_rate, told
from chaos_operator.phases import ChaosExperiment, Phase, RecoveringInputs
from chaos_operator.spec import ChaosExperimentStatus, seconds


def sync(experiment: ChaosExperiment, inputs: RecoveringInputs) -> Outcome[ChaosExperimentStatus]:
    """What is measured before a whole interval is over is of the time of the fault, too."""
    interval = seconds(experiment.spec.measurement_interval)
    left = interval - (experiment.now - experiment.phase_since).total_seconds()
    if left > 0:
        return Outcome(Phase.RECOVERING, after=left)
    rate = success_rate(experiment, inputs.metrics)
    if rate is None:
        said = f"nobody asks {experiment.spec.workload}"
        return Outcome(Phase.RECOVERING, message=said)
    phase = Phase.HELD if does_well(experiment, rate) else Phase.RECOVERING
    return Outcome(phase, message=told(experiment, rate))
