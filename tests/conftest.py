"""The cluster that tests share, what it is taught, and a namespace of each test's own."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused

E2E = Path(__file__).parent / "e2e"
CRDS = Path(__file__).parents[1] / "crds"
GUARDS = "/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices"
SERVED_WITHIN = 20.0

# On a busy machine examples take what they take: speed is measured by benchmarks, not by tests.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a cluster and what is end to end: `-m "not cluster"` is quick."""
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """A real control plane with one node; under xdist each worker has its own."""
    with LocalCluster.start() as running:
        yield running


@pytest.fixture(scope="session")
def taught(cluster: LocalCluster) -> LocalCluster:
    """The cluster, which serves KubervisorServices."""
    teach(cluster)
    return cluster


def teach(cluster: LocalCluster) -> None:
    """Return once the cluster serves KubervisorServices."""
    cluster.kubectl("apply", "--server-side", f"--filename={CRDS}")
    cluster.kubectl("wait", f"--filename={CRDS}", "--for=condition=Established", "--timeout=30s")
    deadline, pause = time.monotonic() + SERVED_WITHIN, threading.Event()
    with closing(Api(cluster.kubeconfig)) as api:
        # Established is said a moment before the API server answers for the new kind.
        while not _is_served(api):
            assert time.monotonic() < deadline, "the API server never served KubervisorServices"
            pause.wait(0.05)


def _is_served(api: Api) -> bool:
    try:
        api.get(GUARDS)
    except ApiRefused:
        return False
    return True


@pytest.fixture
def namespace(cluster: LocalCluster) -> Iterator[str]:
    """A fresh namespace in which pods can be created."""
    name = f"test-{secrets.token_hex(4)}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("wait", "serviceaccount/default", f"-n={name}", "--for=create", "--timeout=30s")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
