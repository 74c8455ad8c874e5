"""Ready: all Deployments can be reached, until there are others."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from autoroute_operator.phases import AutoRoute, Phase, ReadyInputs
from autoroute_operator.selected import selected
from autoroute_operator.spec import AutoRouteStatus


def sync(auto_route: AutoRoute, inputs: ReadyInputs) -> Outcome[AutoRouteStatus]:
    """See whether there are other Deployments now."""
    names = [one.name for one in selected(auto_route, inputs.deployments)]
    if names == auto_route.status.synced_deployments:
        return Outcome(Phase.READY)
    return Outcome(Phase.SYNCING, message=f"the Deployments are {', '.join(names) or 'gone'}")
