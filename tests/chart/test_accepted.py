"""A real API server takes every variant, and finds its pods to be restricted ones."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused
from tests.chart.rendering import NAME, NAMESPACE, template
from tests.chart.variants import CART, SHOP, VARIANTS
from tests.integration.guard import until

ACCOUNTS = [f"{NAME}-{of}" for of in ("traffic", "watchdog", "datarollout", "rules")]
OPERATOR = Path(__file__).parent / "operator.yaml"
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


@pytest.fixture(scope="module")
def ready(cluster: LocalCluster, admin: Api) -> LocalCluster:
    """The namespaces that variants name, and the Prometheus operator's kinds."""
    for namespace in (NAMESPACE, SHOP, CART):
        metadata = {"name": namespace, "labels": RESTRICTED}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        admin.apply(f"/api/v1/namespaces/{namespace}", body)
    # Pods are admitted only where their account is there, and a dry run makes none.
    accounts = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    for name in ACCOUNTS:
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        admin.apply(f"{accounts}/{name}", account)
    cluster.kubectl("create", f"--filename={OPERATOR}")
    for kind in ("podmonitors", "prometheusrules"):
        path = f"/apis/monitoring.coreos.com/v1/{kind}"
        until(partial(_is_served, admin, path), "the kind is served")
    return cluster


def _is_served(admin: Api, path: str) -> bool:
    try:
        return admin.exists(path)
    except ApiRefused:
        return False  # 429 for a moment, while its storage is made


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_api_server_takes_it_without_a_warning(variant: str, ready: LocalCluster) -> None:
    flags = ("--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
    done = subprocess.run(
        [ready.binaries / "kubectl", f"--kubeconfig={ready.kubeconfig}", "apply", *flags],
        input=template(VARIANTS[variant]),
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(ready.folder)},
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "deployment.apps/kubervisor-traffic serverside-applied (server dry run)" in done.stdout
