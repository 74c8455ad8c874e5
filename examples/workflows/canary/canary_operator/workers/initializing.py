"""Initializing: the primary, which will serve from now on, is brought up beside the Deployment."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from canary_operator.phases import (
    CanaryDeployment,
    InitializingInputs,
    InitializingOutputs,
    Phase,
)
from canary_operator.routes import http_routes, services, virtual_services
from canary_operator.spec import CanaryDeploymentStatus
from canary_operator.workloads import Role, deployment, is_available, names_of, size_of


def sync(canary: CanaryDeployment, inputs: InitializingInputs) -> Outcome[CanaryDeploymentStatus]:
    """Bring up the primary, and let it have all requests once it serves."""
    names = names_of(canary)
    target = inputs.deployments.find(names.target)
    if target is None:
        return Outcome(Phase.INITIALIZING, message=f"there is no Deployment {names.target}")
    primary = inputs.deployments.find(names.primary)
    size = size_of(target, primary)
    brought_up = [
        deployment(canary, target, Role.PRIMARY, size),
        deployment(canary, target, Role.TRIAL, 0),
    ]
    its_services = services(canary, target, inputs.services.find(names.target))
    serves = primary is not None and is_available(primary) and primary.spec["replicas"] == size
    if not serves:
        outputs = InitializingOutputs(deployments=brought_up, services=its_services)
        said = f"{names.primary} is brought up with {size} pods"
        return Outcome(Phase.INITIALIZING, outputs, message=said)
    outputs = InitializingOutputs(
        services=its_services,
        virtualservices=virtual_services(canary, 0),
        httproutes=http_routes(canary, 0),
        deployments=brought_up,
    )
    return Outcome(Phase.WAITING, outputs, message=f"{names.primary} serves with {size} pods")
