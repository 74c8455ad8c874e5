"""Observing: the workload is watched while the fault lasts."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from chaos_operator.disturbance import disturbance
from chaos_operator.measuring import does_well, success_rate, told
from chaos_operator.phases import ChaosExperiment, ObservingInputs, ObservingOutputs, Phase
from chaos_operator.spec import ChaosExperimentStatus, Verdict, seconds


def sync(experiment: ChaosExperiment, inputs: ObservingInputs) -> Outcome[ChaosExperimentStatus]:
    """Stop at once where it does badly: that much is known then."""
    outputs = ObservingOutputs(virtualservices=[disturbance(experiment)])
    rate = success_rate(experiment, inputs.metrics)
    lasted = (experiment.now - experiment.phase_since).total_seconds()
    left = seconds(experiment.spec.duration) - lasted
    if rate is None:
        phase = Phase.OBSERVING if left > 0 else Phase.STOPPING
        return Outcome(phase, outputs, message=f"nobody asks {experiment.spec.workload}")
    known, said = experiment.status, told(experiment, rate)
    lowest = rate if known.lowest is None else min(known.lowest, rate)
    if not does_well(experiment, rate):
        broken = known.model_copy(update={"lowest": lowest, "verdict": Verdict.BROKEN})
        return Outcome(Phase.STOPPING, outputs, broken, message=said)
    if left > 0:
        seen = known.model_copy(update={"lowest": lowest})
        return Outcome(Phase.OBSERVING, outputs, seen, message=said)
    held = known.model_copy(update={"lowest": lowest, "verdict": Verdict.HELD})
    return Outcome(Phase.STOPPING, outputs, held, message=said)
