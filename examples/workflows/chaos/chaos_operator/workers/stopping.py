"""Stopping: the fault is taken away."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from chaos_operator.phases import ChaosExperiment, Phase, StoppingInputs, StoppingOutputs
from chaos_operator.spec import ChaosExperimentStatus, Verdict

_NEXT = {
    Verdict.HELD: Phase.RECOVERING,
    Verdict.BROKEN: Phase.BROKEN,
    Verdict.UNKNOWN: Phase.UNPROVEN,
}


def sync(experiment: ChaosExperiment, inputs: StoppingInputs) -> Outcome[ChaosExperimentStatus]:
    """No VirtualService is all that there is to be: the one that was is deleted, and only then
    the next phase begins.
    """
    none = StoppingOutputs(virtualservices=[])
    verdict = experiment.status.verdict
    if verdict is Verdict.UNKNOWN:
        said = "it ended before it could be said how the workload does"
    else:
        said = f"it ended with a success rate of {experiment.status.lowest:.4g} % at the least"
    return Outcome(_NEXT[verdict], none, message=said)
