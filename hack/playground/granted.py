"""What the chart grants and refuses, on a cluster where nothing of it is installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from playground import binaries
from playground.fleet_api import Json
from playground.local import LocalCluster

ROOT = Path(__file__).parents[2]
SYSTEM = "kubervisor"
"""The release's namespace; its name, too."""

_GRANTS = ("ServiceAccount", "Role", "ClusterRole", "ValidatingAdmissionPolicy")


def grant(cluster: LocalCluster, account: str, *flags: str, namespace: str) -> Path:
    """Have the cluster know our kinds, and what the chart grants and refuses with these flags of
    helm; a kubeconfig of one of its accounts. Both namespaces are made.
    """
    cluster.kubectl("apply", "--server-side", f"--filename={ROOT / 'crds'}")
    for name in (SYSTEM, namespace):
        body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        cluster.kubectl("apply", "--filename=-", stdin=body)
    cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(_grants(cluster, flags)))
    return cluster.kubeconfig_for(SYSTEM, f"{SYSTEM}-{account}")


def _grants(cluster: LocalCluster, flags: tuple[str, ...]) -> Iterator[Json]:
    done = subprocess.run(
        [
            *(binaries.ensure() / "helm", "template", SYSTEM, ROOT / "charts" / "kubervisor"),
            *("--no-hooks", f"--namespace={SYSTEM}", *flags),
            f"--kube-version={binaries.KUBERNETES_VERSION}",
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(cluster.folder), "KUBECONFIG": os.devnull},
    )
    for one in yaml.safe_load_all(done.stdout):
        if one and one["kind"].removesuffix("Binding") in _GRANTS:
            yield one
