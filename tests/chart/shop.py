"""What the lives of releases have in common: a fleet that is guarded, and then let go."""

from __future__ import annotations

from typing import Any

from playground.fleet import Fleet
from playground.fleet_api import Api
from tests.chart.installed import Installed
from tests.integration.specs import path_of

WITHIN = 30.0
STOPPED = "kubervisor.k8s.io/stopped"


def guard(admin: Api, namespace: str, address: str, **activator: Any) -> None:
    """A KubervisorService of the Service `shop` whose detector is at `address`."""
    breaker = {"name": "oracle", "evaluationPeriod": 0.5, "customService": address}
    body = {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "KubervisorService",
        "metadata": {"name": "shop"},
        "spec": {"service": "shop", "breakers": [breaker], "defaultActivator": activator},
    }
    admin.apply(path_of(namespace, "shop"), body)


def wait_out(fleet: Fleet, how_many: int) -> None:
    fleet.wait(lambda f: len(f.out()) == how_many, WITHIN, f"{how_many} pods are out")


def assert_let_go(admin: Api, fleet: Fleet, installed: Installed) -> None:
    """Every pod is in traffic, nothing selects on our label, and nothing waits for us."""
    fleet.wait_ready(4, WITHIN)
    assert not fleet.out()
    assert "kubervisor/traffic" not in admin.get(fleet.service_path)["spec"]["selector"]
    guard = admin.get(path_of(fleet.namespace, "shop"))
    assert "finalizers" not in guard["metadata"]
    assert [c["reason"] for c in guard["status"]["conditions"] if c["type"] == "Ready"] == [
        "Released"
    ]
    annotations = [lease["metadata"].get("annotations", {}) for lease in installed.leases()]
    assert annotations, "the Lease stays"
    assert not any(STOPPED in one for one in annotations), "the next release shall act"


def accounts(admin: Api, namespace: str) -> set[str]:
    found = admin.get(f"/api/v1/namespaces/{namespace}/serviceaccounts")["items"]
    return {one["metadata"]["name"] for one in found}
