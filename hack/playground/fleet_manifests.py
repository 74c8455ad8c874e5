"""The objects a fleet is made of, as the API server wants them."""

from __future__ import annotations

from enum import StrEnum

from playground.fleet_api import Json
from playground.fleet_pod import TRAFFIC

PORT = 8080


class Kind(StrEnum):
    """What owns the pods of a fleet."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"


def namespace_path(namespace: str) -> str:
    """Where the core objects of a namespace are."""
    return f"/api/v1/namespaces/{namespace}"


def workload_path(kind: Kind, namespace: str, name: str) -> str:
    """Where a workload is."""
    return f"/apis/apps/v1/namespaces/{namespace}/{kind.lower()}s/{name}"


def service(name: str, selects_traffic: bool) -> Json:
    """A Service over the pods labelled `app: NAME`, optionally those labelled for traffic only."""
    selector = {"app": name} | ({TRAFFIC: "yes"} if selects_traffic else {})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": PORT}]},
    }


def workload(kind: Kind, name: str, size: int, carries_traffic: bool) -> Json:
    """A workload of `size` pods (a DaemonSet: one per node); its selector is `app: NAME` alone."""
    labels = {"app": name} | ({TRAFFIC: "yes"} if carries_traffic else {})
    spec: Json = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": labels}, "spec": _pod_spec()},
    }
    if kind is not Kind.DAEMON_SET:
        spec["replicas"] = size
    if kind is Kind.STATEFUL_SET:
        spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    return {"apiVersion": "apps/v1", "kind": kind.value, "metadata": {"name": name}, "spec": spec}


def _pod_spec() -> Json:
    container = {
        "name": "workload",
        "image": "workload",
        "ports": [{"name": "http", "containerPort": PORT}],
    }
    # No grace: a deleted pod is gone at once, as nothing has to shut down.
    return {"containers": [container], "terminationGracePeriodSeconds": 0}
