"""A cluster of these tests' own: releases of the chart concern all of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.conftest import teach
from tests.integration.specs import path_of
from tests.security.thief import Thief


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


@pytest.fixture(scope="module")
def thief(cluster: LocalCluster, admin: Api) -> Iterator[Thief]:
    """Whoever has the tokens of a release."""
    thief = Thief(cluster, admin)
    yield thief
    for namespace in (thief.guarded, thief.other):
        admin.merge(path_of(namespace, "shop"), {"metadata": {"finalizers": None}})
    thief.release.close()
