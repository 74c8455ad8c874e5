"""A scene for each test; the cluster learns of KubervisorServices once."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused
from tests.e2e.scene import WITHIN, Scene

CRDS = Path(__file__).parents[2] / "crds"
GUARDS = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"


@pytest.fixture(scope="session")
def taught(cluster: LocalCluster) -> LocalCluster:
    """The cluster, which serves KubervisorServices."""
    cluster.kubectl("apply", "--server-side", f"--filename={CRDS}")
    cluster.kubectl("wait", f"--filename={CRDS}", "--for=condition=Established", "--timeout=30s")
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    with closing(Api(cluster.kubeconfig)) as api:
        # Established is said a moment before the API server answers for the new kind.
        while not _is_served(api):
            assert time.monotonic() < deadline, "the API server never served KubervisorServices"
            pause.wait(0.05)
    return cluster


def _is_served(api: Api) -> bool:
    try:
        api.get(GUARDS)
    except ApiRefused:
        return False
    return True


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """Fails the test at its end when an invariant was broken meanwhile."""
    with Scene(taught, namespace) as scene:
        yield scene


@pytest.fixture
def other_scene(taught: LocalCluster) -> Iterator[Scene]:
    """A second namespace, beside that of `scene`."""
    name = f"test-{secrets.token_hex(4)}"
    taught.kubectl("create", "namespace", name)
    taught.kubectl("wait", "serviceaccount/default", f"-n={name}", "--for=create", "--timeout=30s")
    with Scene(taught, name) as scene:
        yield scene
    taught.kubectl("delete", "namespace", name, "--wait=false")
