"""Syncing: each Deployment gets its Service and its route."""

from __future__ import annotations

from kubervisor.workflow import Json, Object, Outcome

from autoroute_operator.phases import AutoRoute, Phase, SyncingInputs, SyncingOutputs
from autoroute_operator.selected import ports_of, selected
from autoroute_operator.spec import AutoRouteStatus

ISTIO = "networking.istio.io/v1alpha3"


def sync(auto_route: AutoRoute, inputs: SyncingInputs) -> Outcome[AutoRouteStatus]:
    """Make what is needed; what was needed before and is not any more goes."""
    deployments = selected(auto_route, inputs.deployments)
    return Outcome(
        Phase.READY,
        SyncingOutputs(
            services=[_service(one) for one in deployments],
            gateways=[_gateway(auto_route)],
            virtualservices=[_virtual_service(auto_route, one) for one in deployments],
        ),
        AutoRouteStatus(synced_deployments=[one.name for one in deployments]),
        message=f"{len(deployments)} Deployments have routes",
    )


def _service(deployment: Object) -> Json:
    ports = [
        {"name": f"http-{port}", "port": port, "targetPort": port} for port in ports_of(deployment)
    ]
    selector = deployment.spec["selector"].get("matchLabels", {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": deployment.name},
        "spec": {"selector": selector, "ports": ports},
    }


def _gateway(auto_route: AutoRoute) -> Json:
    """Lets the ingress gateway take the requests to all host names that end with the route's."""
    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    return {
        "apiVersion": ISTIO,
        "kind": "Gateway",
        "metadata": {"name": auto_route.name},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": port, "hosts": [f"*.{auto_route.name}"]}],
        },
    }


def _virtual_service(auto_route: AutoRoute, deployment: Object) -> Json:
    """Requests to its host name go to the first of its ports."""
    port = {"number": ports_of(deployment)[0]}
    return {
        "apiVersion": ISTIO,
        "kind": "VirtualService",
        "metadata": {"name": deployment.name},
        "spec": {
            "hosts": [f"{deployment.name}.{auto_route.name}"],
            "gateways": [auto_route.name],
            "http": [{"route": [{"destination": {"host": deployment.name, "port": port}}]}],
        },
    }
