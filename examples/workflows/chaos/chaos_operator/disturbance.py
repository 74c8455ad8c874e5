"""The VirtualService that disturbs requests, and those of others that it would get in the way of."""

from __future__ import annotations

from typing import Any

from kubervisor.workflow import Json, Objects

from chaos_operator.phases import ChaosExperiment
from chaos_operator.spec import Fault


def name_of(experiment: ChaosExperiment) -> str:
    """What it is called."""
    return f"chaos-{experiment.name}"


def disturbance(experiment: ChaosExperiment) -> Json:
    """All requests to the Service go to the Service, some with the fault."""
    host = experiment.spec.host
    rule = {"fault": _fault(experiment.spec.fault), "route": [{"destination": {"host": host}}]}
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": name_of(experiment)},
        "spec": {"hosts": [host], "http": [rule]},
    }


def is_there(experiment: ChaosExperiment, virtualservices: Objects) -> bool:
    """Whether the cluster has it as it is to be."""
    found = virtualservices.find(name_of(experiment))
    return found is not None and found.spec == disturbance(experiment)["spec"]


def in_the_way(experiment: ChaosExperiment, virtualservices: Objects) -> str:
    """The VirtualService of somebody else for the same Service, "" where there is none: a mesh
    follows one of the two, and one does not know which.
    """
    host = experiment.spec.host
    names = {host, f"{host}.{experiment.namespace}"}
    names |= {f"{host}.{experiment.namespace}.{rest}" for rest in ("svc", "svc.cluster.local")}
    for one in virtualservices.list():
        if one.name != name_of(experiment) and names & set(one.spec.get("hosts") or ()):
            return one.name
    return ""


def _fault(fault: Fault) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if fault.abort is not None:
        percentage = {"value": fault.abort.percent}
        said["abort"] = {"percentage": percentage, "httpStatus": fault.abort.status}
    if fault.delay is not None:
        percentage = {"value": fault.delay.percent}
        said["delay"] = {"percentage": percentage, "fixedDelay": fault.delay.time}
    return said
