"""A cluster of these tests' own: releases of the chart concern all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.conftest import teach


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
