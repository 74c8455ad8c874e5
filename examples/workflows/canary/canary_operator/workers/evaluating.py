"""Evaluating: the new version gets a growing share of the requests, and is judged by its gate."""

from __future__ import annotations

from datetime import datetime

from kubervisor.workflow import Object, Outcome

from canary_operator.gates import judge
from canary_operator.phases import (
    CanaryDeployment,
    EvaluatingInputs,
    EvaluatingOutputs,
    Phase,
)
from canary_operator.routes import http_routes, virtual_services
from canary_operator.spec import CanaryDeploymentSpec, CanaryDeploymentStatus, seconds
from canary_operator.workloads import is_available, names_of, why_stuck


def sync(canary: CanaryDeployment, inputs: EvaluatingInputs) -> Outcome[CanaryDeploymentStatus]:
    """Give it requests once its pods serve, and decide as soon as that can be done."""
    trial = inputs.deployments.find(names_of(canary).trial)
    if trial is None:
        return Outcome(Phase.ROLL_BACK, message=f"the Deployment {names_of(canary).trial} is gone")
    started = canary.status.time_started
    if started is None:
        return _start(canary, inputs, trial)
    return _go_on(canary, inputs, trial, started)


def _start(
    canary: CanaryDeployment, inputs: EvaluatingInputs, trial: Object
) -> Outcome[CanaryDeploymentStatus]:
    if stuck := why_stuck(trial):
        return Outcome(Phase.ROLL_BACK, message=f"its pods do not serve: {stuck}")
    if not is_available(trial):
        return _stay(canary, 0, "its pods do not serve yet")
    judgement = judge(canary, inputs, trial, 0)  # raises where there is nothing to judge it by
    if judgement.good is False:
        return Outcome(Phase.ROLL_BACK, message=judgement.why)
    return _stay(canary, canary.spec.initial_weight, "its pods serve", started=canary.now)


def _go_on(
    canary: CanaryDeployment, inputs: EvaluatingInputs, trial: Object, started: datetime
) -> Outcome[CanaryDeploymentStatus]:
    spec, elapsed = canary.spec, (canary.now - started).total_seconds()
    judgement = judge(canary, inputs, trial, elapsed)
    ends = seconds(spec.analysis_period)
    if judgement.good is None:
        if elapsed >= ends + seconds(spec.measurement_interval):
            return Outcome(Phase.ROLL_BACK, message=f"not judged in time: {judgement.why}")
        return _stay(canary, canary.status.weight, judgement.why)
    if not judgement.good:
        return Outcome(Phase.ROLL_BACK, message=judgement.why)
    if elapsed >= ends:
        return Outcome(Phase.PROMOTING, message=f"{judgement.why}, for {ends:g} s")
    next_step = seconds(spec.step_interval) - elapsed % max(seconds(spec.step_interval), 0.001)
    after = max(0.1, min(next_step, ends - elapsed))
    return _stay(canary, weight_at(spec, elapsed), judgement.why, after=after)


def weight_at(spec: CanaryDeploymentSpec, elapsed: float) -> int:
    """Its share of the requests, `elapsed` seconds after it got the first: the same whoever asks,
    and however often.
    """
    steps = int(elapsed / max(seconds(spec.step_interval), 0.001))
    return min(100, spec.initial_weight + steps * spec.step)


def _stay(
    canary: CanaryDeployment,
    weight: int,
    why: str,
    *,
    started: datetime | None = None,
    after: float | None = None,
) -> Outcome[CanaryDeploymentStatus]:
    status = canary.status
    return Outcome(
        Phase.EVALUATING,
        EvaluatingOutputs(
            virtualservices=virtual_services(canary, weight),
            httproutes=http_routes(canary, weight),
        ),
        status.model_copy(
            update={"weight": weight, "time_started": started or status.time_started}
        ),
        message=why,
        after=after,
    )
