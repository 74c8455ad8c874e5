"""Waiting: the primary serves, until the Deployment has a version that was not tried yet."""

from __future__ import annotations

from kubervisor.workflow import Json, Outcome

from canary_operator.phases import CanaryDeployment, Phase, WaitingInputs, WaitingOutputs
from canary_operator.routes import SETTLING, http_routes, virtual_services
from canary_operator.spec import CanaryDeploymentStatus
from canary_operator.workloads import Role, deployment, empty, names_of, same_pods, size_of


def sync(canary: CanaryDeployment, inputs: WaitingInputs) -> Outcome[CanaryDeploymentStatus]:
    """Keep all as it is, and start a pod of a new version once there is one."""
    settling = SETTLING - (canary.now - canary.phase_since).total_seconds()
    if settling > 0:
        return Outcome(Phase.WAITING, _outputs(canary), after=settling)
    names = names_of(canary)
    target = inputs.deployments.find(names.target)
    primary = inputs.deployments.find(names.primary)
    if target is None:
        said = f"there is no Deployment {names.target}: its last version goes on serving"
        return Outcome(Phase.WAITING, message=said)
    if primary is None:
        return Outcome(Phase.INITIALIZING, message=f"the Deployment {names.primary} is gone")
    trial = inputs.deployments.find(names.trial) or primary
    serving = deployment(canary, primary, Role.PRIMARY, size_of(target, primary))
    if same_pods(target, trial) or same_pods(target, primary):
        # Whoever returns to what serves may give the version that failed another try later.
        outputs = _outputs(canary, serving, deployment(canary, target, Role.TRIAL, 0))
        return Outcome(Phase.WAITING, outputs)
    generation = target.body["metadata"]["generation"]
    return Outcome(
        Phase.EVALUATING,
        _outputs(canary, serving, deployment(canary, target, Role.TRIAL, 1)),
        canary.status.model_copy(update={"trying": generation, "time_started": None, "weight": 0}),
        message=f"generation {generation} of {names.target} is new",
    )


def _outputs(canary: CanaryDeployment, *ours: Json) -> WaitingOutputs:
    """All requests go to the primary. Where no Deployments are said, they stay as they are."""
    return WaitingOutputs(
        virtualservices=virtual_services(canary, 0),
        httproutes=http_routes(canary, 0),
        deployments=[*ours, empty(canary)] if ours else None,
    )
