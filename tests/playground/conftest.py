"""A served workload that plays the pods of the test's namespace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import Cluster
from playground.discovery import Discovery
from playground.fleet_api import Api
from playground.workload import Workload
from playground.workload_server import WorkloadServer


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Api]:
    api = Api(cluster.kubeconfig)
    yield api
    api.close()


@pytest.fixture
def server(api: Api, namespace: str) -> Iterator[WorkloadServer]:
    with WorkloadServer(Workload()) as server, Discovery(api, server.workload, namespace):
        yield server
