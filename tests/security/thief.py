"""A thief who has the tokens of a release, and what others own."""

from __future__ import annotations

import subprocess
from contextlib import closing
from functools import partial

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.integration.specs import custom, guarding, path_of
from tests.namespaces import fresh_namespace
from tests.security.chart import TERMINATION, TRAFFIC, WATCHDOG, Release, wait_enforced

POLICY = "ValidatingAdmissionPolicy"
RIGHTS = "cannot"
"""What a refusal says, by who refuses."""


class Thief:
    """Runs kubectl with stolen tokens against what others own."""

    def __init__(self, cluster: LocalCluster, admin: Api) -> None:
        self._cluster, self.admin = cluster, admin
        self.guarded, self.other = fresh_namespace(admin), fresh_namespace(admin)
        self.release = Release(
            cluster,
            namespaces=[self.guarded],
            termination={"enabled": True},
            watchdog={"enabled": True, "replicas": 0},
        )
        accounts = (TRAFFIC, TERMINATION, WATCHDOG)
        self.tokens = {name: self.release.token(name) for name in accounts}
        for namespace in (self.guarded, self.other):
            admin.create(f"/api/v1/namespaces/{namespace}/services", _service())
            spec = {"spec": guarding("shop", custom("a.b")), "metadata": {"name": "shop"}}
            version = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
            admin.apply(path_of(namespace, "shop"), version | spec)
            for name, traffic in (("serving", "yes"), ("out", "no"), ("paused", "pause")):
                self.pod(name, traffic, namespace)
        self._await_policies()

    def pod(self, name: str, traffic: str | None, namespace: str = "") -> str:
        """A pod with that label; its path."""
        labels = {"app": "shop"} | ({"kubervisor/traffic": traffic} if traffic else {})
        path = f"/api/v1/namespaces/{namespace or self.guarded}/pods"
        self.admin.create(path, _pod(name, labels))
        return f"{path}/{name}"

    def kubectl(self, account: str, *args: str) -> str:
        """What kubectl answers, refused or not."""
        own = [
            f"--kubeconfig={self.tokens[account]}",
            f"--cache-dir={self._cluster.folder / 'kubectl-cache'}",
        ]
        program = str(self._cluster.binaries / "kubectl")
        done = subprocess.run([program, *own, *args], capture_output=True, text=True, check=False)
        return f"{done.stdout}{done.stderr}"

    def evict(self, account: str, pod: str, namespace: str = "", *, labelled: bool = True) -> str:
        """What the API server answers to an eviction; "" where it evicts."""
        labels = {"kubervisor/eviction": "true"} if labelled else {}
        metadata = {"name": pod, "labels": labels}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        with closing(Api(self.tokens[account])) as api:
            try:
                api.create(
                    f"/api/v1/namespaces/{namespace or self.guarded}/pods/{pod}/eviction", eviction
                )
            except ApiRefused as refused:
                return str(refused)
        return ""

    def _await_policies(self) -> None:
        serving = f"/api/v1/namespaces/{self.guarded}/pods/serving"
        for account in (TRAFFIC, WATCHDOG):
            wait_enforced(self.release, serving, account)
        for account in (TERMINATION, WATCHDOG):
            until(partial(self._may_not_evict, account), "evictions are held against it")

    def _may_not_evict(self, account: str) -> bool:
        return POLICY in self.evict(account, "serving")


def _pod(name: str, labels: dict[str, str]) -> Json:
    spec = {
        "containers": [{"name": "app", "image": "app"}],
        "schedulingGates": [{"name": "x/y"}],
        "terminationGracePeriodSeconds": 0,
    }
    annotations = {"breaker/breakAt": "then", "theirs": "x"}
    metadata = {"name": name, "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _service() -> Json:
    spec = {"selector": {"app": "shop", "kubervisor/traffic": "yes"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"}, "spec": spec}


def event(by: str, namespace: str) -> Json:
    """An Event that is reported by this controller."""
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": "x-"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": by,
        "reportingInstance": "x",
        "action": "A",
        "reason": "R",
        "type": "Normal",
        "regarding": {"kind": "Pod", "name": "x", "namespace": namespace},
    }
