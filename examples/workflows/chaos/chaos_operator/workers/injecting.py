"""Injecting: the fault is written, and seen."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from chaos_operator.disturbance import disturbance, in_the_way, is_there
from chaos_operator.phases import ChaosExperiment, InjectingInputs, InjectingOutputs, Phase
from chaos_operator.spec import ChaosExperimentStatus


def sync(experiment: ChaosExperiment, inputs: InjectingInputs) -> Outcome[ChaosExperimentStatus]:
    """Have it written; what follows counts from when it is there."""
    if other := in_the_way(experiment, inputs.virtualservices):
        said = f"VirtualService {other} is about {experiment.spec.host} meanwhile"
        return Outcome(Phase.STOPPING, message=said)
    outputs = InjectingOutputs(virtualservices=[disturbance(experiment)])
    if is_there(experiment, inputs.virtualservices):
        return Outcome(Phase.OBSERVING, outputs, message="requests are disturbed from now on")
    return Outcome(Phase.INJECTING, outputs)
