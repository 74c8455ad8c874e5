"""The Deployments that have routes."""

from __future__ import annotations

from kubervisor.workflow import Object, Objects

from autoroute_operator.phases import AutoRoute


def selected(route: AutoRoute, deployments: Objects) -> tuple[Object, ...]:
    """Those that are selected and listen, in the order of their names."""
    found = deployments.list(labels=route.spec.deployment_selector.match_labels)
    return tuple(one for one in found if ports_of(one))


def ports_of(deployment: Object) -> tuple[int, ...]:
    """The ports on which its pods say they listen, each once."""
    containers = deployment.spec["template"]["spec"]["containers"]
    ports = (port["containerPort"] for one in containers for port in one.get("ports") or ())
    return tuple(dict.fromkeys(ports))
