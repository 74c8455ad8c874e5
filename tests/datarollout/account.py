"""An account with the rights of the controller, or fewer."""

from __future__ import annotations

from pathlib import Path

from playground import kubeconfig
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path

RBAC = "/apis/rbac.authorization.k8s.io/v1"
NAME = "datarollout"


class Account:
    """A service account of the first of its namespaces; it may patch pods only where `ask` says."""

    def __init__(self, api: Api, *namespaces: str) -> None:
        self._api, self._namespaces = api, namespaces
        home = namespaces[0]
        self._path = f"{namespace_path(home)}/serviceaccounts/{NAME}"
        api.apply(self._path, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named()})
        for namespace in namespaces:
            self.ask(namespace, may=False)
            binding = {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": _named(),
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": NAME,
                },
                "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": home}],
            }
            api.apply(f"{RBAC}/namespaces/{namespace}/rolebindings/{NAME}", binding)

    def ask(self, namespace: str, *, may: bool) -> None:
        """Whether it may ask the pods of a namespace for versions from now on."""
        group = "kubervisor.k8s.io"
        rules = [
            _rule("", "pods", "get", "list", "watch", *(["patch"] if may else [])),
            _rule(group, "datarollouts", "get", "list", "watch", "create"),
            _rule(group, "datarollouts/status", "patch"),
            _rule("events.k8s.io", "events", "create", "patch"),
            _rule("coordination.k8s.io", "leases", "get", "create", "update"),
        ]
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": _named(),
            "rules": rules,
        }
        self._api.apply(f"{RBAC}/namespaces/{namespace}/roles/{NAME}", role)

    def kubeconfig(self, cluster: LocalCluster, folder: Path) -> Path:
        """A file with a token of the account, in `folder`."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self._api.create(f"{self._path}/token", body)["status"]["token"]
        entry = kubeconfig.cluster_of(cluster.kubeconfig)
        return kubeconfig.write(folder / "kubeconfig", entry, token, self._namespaces[0])


def _named() -> Json:
    return {"name": NAME}


def _rule(group: str, resource: str, *verbs: str) -> Json:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
