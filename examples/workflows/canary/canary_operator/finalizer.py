"""Before a CanaryDeployment goes, its Deployment serves again as if there had never been one."""

from __future__ import annotations

from datetime import datetime

from kubervisor.workflow import Finalized, Object

from canary_operator.phases import CanaryDeployment, FinalizerInputs, FinalizerOutputs
from canary_operator.routes import SETTLING, http_routes, virtual_services
from canary_operator.workloads import (
    Role,
    deployment,
    is_available,
    names_of,
    size_of,
    with_replicas,
)

MOVED = "autopilot.examples.io/requests-moved"
"""The annotation of the primary that says since when no route names it any more."""


def finalize(canary: CanaryDeployment, inputs: FinalizerInputs) -> Finalized:
    """Give the Deployment its pods back, then the requests; the primary serves until then."""
    names = names_of(canary)
    target = inputs.deployments.find(names.target)
    primary = inputs.deployments.find(names.primary)
    if target is None or primary is None:
        return Finalized(message="there is nothing to give back")
    size = size_of(target, primary)
    kept, given = deployment(canary, primary, Role.PRIMARY, size), with_replicas(canary, size)
    if target.spec.get("replicas", 1) != size or not is_available(target):
        outputs = FinalizerOutputs(
            virtualservices=virtual_services(canary, 0),
            httproutes=http_routes(canary, 0),
            deployments=[kept, given],
        )
        return Finalized(False, outputs, f"{names.target} is given its {size} pods back")
    moved = _moved(primary) or canary.now
    kept["metadata"]["annotations"] = {MOVED: moved.isoformat()}
    outputs = FinalizerOutputs(virtualservices=[], httproutes=[], deployments=[kept, given])
    settling = SETTLING - (canary.now - moved).total_seconds()
    said = f"requests go to {names.target} again"
    return Finalized(settling <= 0, outputs, said, after=max(settling, 0.1))


def _moved(primary: Object) -> datetime | None:
    written = primary.annotations.get(MOVED)
    return datetime.fromisoformat(written) if written else None
