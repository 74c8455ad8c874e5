"""Promoting: the primary is given the new version; the canary serves until it has it."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from canary_operator.history import ended
from canary_operator.phases import CanaryDeployment, Phase, PromotingInputs, PromotingOutputs
from canary_operator.routes import http_routes, virtual_services
from canary_operator.spec import CanaryDeploymentStatus
from canary_operator.workloads import (
    Role,
    deployment,
    empty,
    is_available,
    names_of,
    same_pods,
    size_of,
)


def sync(canary: CanaryDeployment, inputs: PromotingInputs) -> Outcome[CanaryDeploymentStatus]:
    """Let the primary have the version that was tried, and all requests once all of it has it."""
    names = names_of(canary)
    trial = inputs.deployments.find(names.trial)
    if trial is None:
        return Outcome(Phase.ROLL_BACK, message=f"the Deployment {names.trial} is gone")
    primary = inputs.deployments.find(names.primary)
    size = size_of(inputs.deployments.find(names.target), primary)
    done = (
        primary is not None
        and same_pods(primary, trial)
        and primary.spec["replicas"] == size
        and is_available(primary)
    )
    weight = 0 if done else canary.status.weight
    outputs = PromotingOutputs(
        virtualservices=virtual_services(canary, weight),
        httproutes=http_routes(canary, weight),
        deployments=[
            deployment(canary, trial, Role.PRIMARY, size),
            deployment(canary, trial, Role.TRIAL, 1),
            empty(canary),
        ],
    )
    if not done:
        return Outcome(Phase.PROMOTING, outputs, message=f"{names.primary} is given the version")
    return Outcome(
        Phase.WAITING,
        outputs,
        ended(canary.status, promoted=True),
        message=f"{names.primary} serves the version with {size} pods",
    )
