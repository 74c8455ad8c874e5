"""A cluster of these tests' own: a release of the chart concerns all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.conftest import teach, unteach


@pytest.fixture(scope="package")
def cluster() -> Iterator[LocalCluster]:
    """A control plane that knows nothing of Kubervisor yet."""
    with LocalCluster.start() as running:
        yield running


@pytest.fixture(scope="package")
def admin(cluster: LocalCluster) -> Iterator[Api]:
    """The administrator."""
    api = Api(cluster.kubeconfig)
    yield api
    api.close()


@pytest.fixture
def defined(cluster: LocalCluster) -> LocalCluster:
    """The cluster, which serves KubervisorServices by somebody else's doing."""
    teach(cluster)
    return cluster


@pytest.fixture
def undefined(cluster: LocalCluster) -> LocalCluster:
    """The cluster, which knows no KubervisorServices, whatever was there before."""
    unteach(cluster)
    return cluster


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Whatever a test opens, closed at its end."""
    with ExitStack() as stack:
        yield stack
