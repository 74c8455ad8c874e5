"""Accounts with few rights, for controllers that may not do all they should."""

from __future__ import annotations

from pathlib import Path

from playground.fleet_api import Json
from tests.integration.guard import Guard


def account(guard: Guard, name: str, rules: list[Json]) -> Path:
    """A kubeconfig of a new ServiceAccount that has these rights in the whole cluster."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    namespace, role = guard.namespace, f"{guard.namespace}-{name}"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    version = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": role}}
    guard.api.apply(
        f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}},
    )
    guard.api.apply(
        f"{rbac}/clusterroles/{role}", version | {"kind": "ClusterRole", "rules": rules}
    )
    binding = {"kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]}
    guard.api.apply(f"{rbac}/clusterrolebindings/{role}", version | binding)
    return guard.cluster.kubeconfig_for(namespace, name)
