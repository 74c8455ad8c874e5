"""A thief who has the tokens of a release, and what others own."""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from functools import partial

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.integration.specs import custom, guarding, path_of
from tests.namespaces import fresh_namespace
from tests.security.chart import (
    DATAROLLOUT,
    RULES,
    TERMINATION,
    TRAFFIC,
    WATCHDOG,
    Release,
    wait_enforced,
)

POLICY = "ValidatingAdmissionPolicy"
RIGHTS = "cannot"
"""What a refusal says, by who refuses."""

DEPLOYER = "catalog"
"""The account of pods that have a deployer."""


def merged(**metadata: object) -> str:
    """A patch of the metadata of an object."""
    return json.dumps({"metadata": metadata})


PATCH = ("patch", "--type=strategic", "-p")
PATCH_POD = ("patch", "pod", "serving", "--type=strategic", "-p")
OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}
THEIRS = {
    "change an image": json.dumps({"spec": {"containers": [{"name": "app", "image": "theirs"}]}}),
    "change a label": merged(labels={"app": "x"}),
    "remove a label": merged(labels={"app": None}),
    "add a label": merged(labels={"new": "x"}),
    "change an annotation": merged(annotations={"theirs": "y"}),
    "remove an annotation": merged(annotations={"theirs": None}),
    "add a finalizer": merged(finalizers=["x/y"]),
    "add an owner": merged(ownerReferences=[OWNER]),
}
"""Patches of a pod that policies allow to none of the tokens."""

NO_RIGHT = {
    "delete a pod": ["delete", "pod", "serving"],
    "delete all pods": ["delete", "pod", "--all"],
    "create a pod": ["run", "x", "--image=x"],
    "enter a pod": ["exec", "serving", "--", "sh"],
    "read logs": ["logs", "serving"],
    "read secrets": ["get", "secrets"],
    "read configuration": ["get", "configmaps"],
    "take another identity": ["create", "token", "default"],
}
"""What the tokens that may write to pods have no right to."""


JOB: Json = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "spec": {
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "db", "image": "db", "command": ["vacuum", '"all"']}],
            }
        }
    },
}
"""That rules may start."""


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
            data={
                "enabled": True,
                "deployers": [{"namespace": self.guarded, "accounts": [DEPLOYER]}],
                "rollout": {"replicas": 0},
                "repository": {"replicas": 0},
            },
            rules={
                "enabled": True,
                "replicas": 0,
                "actions": [
                    *("volume/resize", "volume/tier", "volume/move"),
                    *("workload/scale", "pod/evict", "pod/eject", "job"),
                ],
                "jobTemplates": {"vacuum": JOB},
            },
        )
        accounts = (TRAFFIC, TERMINATION, WATCHDOG, DATAROLLOUT, RULES)
        self.tokens = {name: self.release.token(name) for name in accounts}
        for namespace in (self.guarded, self.other):
            admin.create(f"/api/v1/namespaces/{namespace}/services", _service())
            spec = {"spec": guarding("shop", custom("a.b")), "metadata": {"name": "shop"}}
            version = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
            admin.apply(path_of(namespace, "shop"), version | spec)
            for name, traffic in (("serving", "yes"), ("out", "no"), ("paused", "pause")):
                self.pod(name, traffic, namespace)
        self._await_policies()

    def pod(
        self, name: str, traffic: str | None, namespace: str = "", account: str = "default"
    ) -> str:
        """A pod with that label; its path."""
        labels = {"app": "shop"} | ({"kubervisor/traffic": traffic} if traffic else {})
        path = f"/api/v1/namespaces/{namespace or self.guarded}/pods"
        self.admin.create(path, _pod(name, labels, account))
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
        for account in (TRAFFIC, WATCHDOG, DATAROLLOUT, RULES):
            wait_enforced(self.release, serving, account)
        for account in (TERMINATION, WATCHDOG):
            until(partial(self._may_not_evict, account), "evictions are held against it")

    def _may_not_evict(self, account: str) -> bool:
        return POLICY in self.evict(account, "serving")


def _pod(name: str, labels: dict[str, str], account: str) -> Json:
    spec = {
        "serviceAccountName": account,
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
