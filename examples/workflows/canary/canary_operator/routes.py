"""How requests get to the pods: the Services, and the routes that split between two of them."""

from __future__ import annotations

from kubervisor.workflow import Json, Object
from kubervisor.workflow.weights import with_weights

from canary_operator.phases import CanaryDeployment
from canary_operator.spec import Router
from canary_operator.workloads import LABEL, Names, Role, matched, names_of

SETTLING = 2.0
"""Seconds until whoever sends requests has heard of a route: pods stay for so long."""


def services(canary: CanaryDeployment, target: Object, front: Object | None) -> list[Json]:
    """Those of primary and trial, and the one that clients call, unless it is somebody's already:
    then its ports and selector are those of the others, too.
    """
    names = names_of(canary)
    theirs = front if front is not None and not _is_ours(front, canary) else None
    selector = matched(target)
    if theirs is not None and theirs.spec.get("selector"):
        selector = {key: text for key, text in theirs.spec["selector"].items() if key != LABEL}
    ports = [_port(number, theirs) for number in canary.spec.ports]
    ours = [
        _service(names.primary, selector | {LABEL: Role.PRIMARY.value}, ports),
        _service(names.trial, selector | {LABEL: Role.TRIAL.value}, ports),
    ]
    return ours if theirs is not None else [*ours, _service(names.target, selector, ports)]


def virtual_services(canary: CanaryDeployment, weight: int) -> list[Json]:
    """What gives the trial `weight` percent of the requests; none where another router does."""
    if canary.spec.router is not Router.VIRTUAL_SERVICE:
        return []
    names = names_of(canary)
    rules = [
        {
            "name": f"split-{port}",
            "match": [{"port": port}],
            "route": [
                {"destination": {"host": host, "port": {"number": port}}}
                for host in (names.primary, names.trial)
            ],
        }
        for port in canary.spec.ports
    ]
    route = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": names.target},
        "spec": {"hosts": [names.target], "http": rules},
    }
    return [with_weights(route, _split(names, weight))]


def http_routes(canary: CanaryDeployment, weight: int) -> list[Json]:
    """The same as HTTPRoutes that the mesh follows for the Service: one for each port, which rules
    of a route cannot tell apart.
    """
    if canary.spec.router is not Router.HTTP_ROUTE:
        return []
    names = names_of(canary)
    return [
        with_weights(_http_route(names, port), _split(names, weight)) for port in canary.spec.ports
    ]


def _http_route(names: Names, port: int) -> Json:
    backends = [{"name": name, "port": port} for name in (names.primary, names.trial)]
    parent = {"group": "", "kind": "Service", "name": names.target, "port": port}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": f"{names.target}-{port}"},
        "spec": {"parentRefs": [parent], "rules": [{"backendRefs": backends}]},
    }


def _split(names: Names, weight: int) -> dict[str, int]:
    return {names.primary: 100 - weight, names.trial: weight}


def _service(name: str, selector: dict[str, str], ports: list[Json]) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": ports},
    }


def _port(number: int, front: Object | None) -> Json:
    """As the Service has it that clients call; else pods listen on the same number."""
    for known in front.spec.get("ports", ()) if front is not None else ():
        if known["port"] == number:
            return {name: value for name, value in known.items() if name != "nodePort"}
    return {"name": f"http-{number}", "port": number, "targetPort": number}


def _is_ours(one: Object, canary: CanaryDeployment) -> bool:
    owners = one.body["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == canary.uid for owner in owners)
