"""Checking: nothing is disturbed before the workload has been seen to do well."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from chaos_operator.disturbance import in_the_way
from chaos_operator.measuring import does_well, success_rate, told
from chaos_operator.phases import ChaosExperiment, CheckingInputs, Phase
from chaos_operator.spec import ChaosExperimentStatus


def sync(experiment: ChaosExperiment, inputs: CheckingInputs) -> Outcome[ChaosExperimentStatus]:
    """Begin where it does well; whoever does badly anyway is not disturbed besides."""
    host = experiment.spec.host
    if other := in_the_way(experiment, inputs.virtualservices):
        return Outcome(Phase.UNPROVEN, message=f"VirtualService {other} is about {host} already")
    rate = success_rate(experiment, inputs.metrics)
    if rate is None:
        said = f"nobody asks {experiment.spec.workload}: it would not be seen to fail"
        return Outcome(Phase.CHECKING, message=said)
    said = told(experiment, rate)
    if not does_well(experiment, rate):
        return Outcome(Phase.CHECKING, message=said)
    return Outcome(Phase.INJECTING, status=ChaosExperimentStatus(before=rate), message=said)
