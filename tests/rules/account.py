"""An account with the rights of the controller, or fewer."""

from __future__ import annotations

from pathlib import Path

from playground import kubeconfig
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "autopilot.libopenstorage.org"
NAME = "rules"
LOOK = ("get", "list", "watch")


class Account:
    """A service account of a namespace; it may change claims only where `change_claims` says.

    What it may do in all namespaces goes with `close`.
    """

    def __init__(self, api: Api, home: str) -> None:
        self._api, self._home, self._whole = api, home, f"{NAME}-{home}"
        self._path = f"{namespace_path(home)}/serviceaccounts/{NAME}"
        api.apply(self._path, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named()})
        rules = [
            _rule("", "persistentvolumeclaims", *LOOK),
            _rule("", "namespaces", *LOOK),
            _rule("storage.k8s.io", "storageclasses", "get"),
            _rule(GROUP, "autopilotrules", *LOOK),
            _rule(GROUP, "autopilotrules/status", "patch"),
            _rule(GROUP, "autopilotruleobjects", *LOOK, "create", "patch", "delete"),
            _rule(GROUP, "autopilotruleobjects/status", "patch"),
            _rule(GROUP, "actionapprovals", *LOOK, "create", "patch"),
            _rule(GROUP, "actionapprovals/status", "patch"),
            _rule("events.k8s.io", "events", "create", "patch"),
        ]
        self._grant("Cluster", self._whole, RBAC, rules)

    def change_claims(self, namespace: str) -> None:
        """Let it change the claims of a namespace from now on."""
        rules = [_rule("", "persistentvolumeclaims", "patch")]
        self._grant("", NAME, f"{RBAC}/namespaces/{namespace}", rules)

    def close(self) -> None:
        """Take away what is in no namespace."""
        for kind in ("clusterroles", "clusterrolebindings"):
            self._api.delete(f"{RBAC}/{kind}/{self._whole}")

    def kubeconfig(self, cluster: LocalCluster, folder: Path) -> Path:
        """A file with a token of the account, in `folder`."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = self._api.create(f"{self._path}/token", body)["status"]["token"]
        entry = kubeconfig.cluster_of(cluster.kubeconfig)
        return kubeconfig.write(folder / "kubeconfig", entry, token, self._home)

    def _grant(self, scope: str, name: str, path: str, rules: list[Json]) -> None:
        kind, version = f"{scope}Role", "rbac.authorization.k8s.io/v1"
        role = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "rules": rules}
        binding = {
            "apiVersion": version,
            "kind": f"{kind}Binding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": self._home}],
        }
        self._api.apply(f"{path}/{kind.lower()}s/{name}", role)
        self._api.apply(f"{path}/{kind.lower()}bindings/{name}", binding)


def _named() -> Json:
    return {"name": NAME}


def _rule(group: str, resource: str, *verbs: str) -> Json:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}
