"""RollBack: the primary serves alone; the new version is not tried again."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from canary_operator.history import ended
from canary_operator.phases import CanaryDeployment, Phase, RollBackInputs, RollBackOutputs
from canary_operator.routes import http_routes, virtual_services
from canary_operator.spec import CanaryDeploymentStatus
from canary_operator.workloads import Role, deployment, empty, names_of, size_of


def sync(canary: CanaryDeployment, inputs: RollBackInputs) -> Outcome[CanaryDeploymentStatus]:
    """Let the primary have all requests; the trial keeps its pod until they have moved."""
    names = names_of(canary)
    primary = inputs.deployments.find(names.primary)
    trial = inputs.deployments.find(names.trial)
    size = size_of(inputs.deployments.find(names.target), primary)
    kept = [
        deployment(canary, one, role, replicas)
        for one, role, replicas in ((primary, Role.PRIMARY, size), (trial, Role.TRIAL, 1))
        if one is not None
    ]
    return Outcome(
        Phase.WAITING,
        RollBackOutputs(
            virtualservices=virtual_services(canary, 0),
            httproutes=http_routes(canary, 0),
            deployments=[*kept, empty(canary)],
        ),
        ended(canary.status, promoted=False),
        message=f"{names.primary} serves alone",
    )
