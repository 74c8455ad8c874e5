"""A cluster of these tests' own: releases of the chart concern all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused
from tests.integration.guard import until

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="package")
def cluster() -> Iterator[LocalCluster]:
    """A control plane that serves KubervisorServices."""
    with LocalCluster.start() as running:
        teach(running)
        yield running


@pytest.fixture(scope="package")
def admin(cluster: LocalCluster) -> Iterator[Api]:
    """The administrator."""
    api = Api(cluster.kubeconfig)
    yield api
    api.close()


def teach(cluster: LocalCluster) -> None:
    """Return once the cluster serves KubervisorServices."""
    cluster.kubectl("apply", "--server-side", f"--filename={CRDS}")
    cluster.kubectl("wait", f"--filename={CRDS}", "--for=condition=Established", "--timeout=30s")
    with closing(Api(cluster.kubeconfig)) as api:

        def is_served() -> bool:
            try:
                api.get("/apis/kubervisor.k8s.io/v1alpha1/kubervisorservices")
            except ApiRefused:
                return False
            return True

        # Established is said a moment before the API server answers for the new kind.
        until(is_served, "KubervisorServices are served")
