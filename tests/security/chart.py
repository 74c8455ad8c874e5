"""Releases of the chart on a cluster, and the accounts they made."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import yaml

from playground import binaries, kubeconfig
from playground.access import Cluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.namespaces import fresh_namespace

CHART = Path(__file__).parents[2] / "charts" / "kubervisor"
NAME = "guard"
TRAFFIC, TERMINATION, WATCHDOG, DATAROLLOUT, RULES = (
    f"{NAME}-{of}" for of in ("traffic", "termination", "watchdog", "datarollout", "rules")
)


def read_all(text: str) -> Iterator[Any]:
    """Its documents. A chart is long, and the reader in C ten times as quick."""
    return yaml.load_all(text, Loader=yaml.CSafeLoader)


def helm(cluster: Cluster, *args: str, values: Mapping[str, Any] | None = None) -> str:
    """What helm prints. Raises AssertionError with what it says where it fails."""
    given = () if values is None else ("--values=-",)
    done = subprocess.run(
        [cluster.binaries / "helm", *args, *given],
        input=yaml.safe_dump(dict(values or {})),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "HOME": str(cluster.folder)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def template(cluster: Cluster, *flags: str, **values: Any) -> list[Json]:
    """What the chart renders with these values."""
    # helm takes the version of its libraries for the cluster's where none is asked.
    version = f"--kube-version={binaries.KUBERNETES_VERSION}"
    # Hooks have accounts of their own, while a release is uninstalled: tests/chart has them.
    flags = ("--no-hooks", *flags)
    text = helm(
        cluster, "template", NAME, str(CHART), version, *flags, values=_without_controllers(values)
    )
    return [one for one in read_all(text) if one]


def _without_controllers(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same, for clusters that know KubervisorServices and tests that run controllers."""
    crds = {"enabled": False, **values.get("crds", {})}
    return {"traffic": {"replicas": 0}, **values, "crds": crds}


class Release:
    """The chart with these values in a namespace of its own, until closed."""

    def __init__(self, cluster: Cluster, **values: Any) -> None:
        self.cluster, self.values = cluster, values
        self._api = Api(cluster.kubeconfig)
        self.namespace = fresh_namespace(self._api)
        self._scoped = f"--namespace={self.namespace}"
        helm(
            cluster, "install", NAME, str(CHART), self._scoped, values=_without_controllers(values)
        )

    @property
    def manifests(self) -> list[Json]:
        """What was installed."""
        text = helm(self.cluster, "get", "manifest", NAME, self._scoped)
        return [one for one in read_all(text) if one]

    def token(self, account: str = TRAFFIC) -> Path:
        """A kubeconfig with a token of one of its accounts: what a thief has."""
        return kubeconfig_of(self._api, self.cluster, self.namespace, account)

    def close(self) -> None:
        """Uninstall it."""
        helm(self.cluster, "uninstall", NAME, self._scoped, "--no-hooks", "--wait=false")
        self._api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kubeconfig_of(
    api: Api, cluster: Cluster, namespace: str, account: str, pod: Json | None = None
) -> Path:
    """A kubeconfig of a ServiceAccount; the API server refuses what the account may not do. The
    token is one of a pod where that is given.
    """
    spec: Json = {"expirationSeconds": 3600}
    if pod is not None:
        names = {name: pod["metadata"][name] for name in ("name", "uid")}
        spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod"} | names
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    token = api.create(f"{accounts}/{account}/token", asked)["status"]["token"]
    path = cluster.folder / f"{account}-{secrets.token_hex(4)}.kubeconfig"
    return kubeconfig.write(path, kubeconfig.cluster_of(cluster.kubeconfig), token, namespace)


def wait_enforced(release: Release, pod_path: str, account: str = TRAFFIC) -> None:
    """Return once the API server holds the release's account against its policies.

    It learns of new policies and roles in the background. `pod_path` is a pod that may be guarded.
    """
    with closing(Api(release.token(account))) as thief:

        def is_held() -> bool:
            try:
                thief.merge(f"{pod_path}?dryRun=All", {"metadata": {"labels": {"probe": "x"}}})
            except ApiRefused as refused:
                return "ValidatingAdmissionPolicy" in str(refused)
            return False

        until(is_held, "the policies are enforced")
