"""One controller for all tests of this folder; each test has its own Services and objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.detector import Detector
from playground.detector_prometheus import PrometheusStandIn
from tests.integration.guard import Guard
from tests.integration.neighbour import Neighbour


@pytest.fixture(scope="package")
def shared_guard(cluster: LocalCluster) -> Iterator[Guard]:
    """The controller and its namespaces."""
    with Guard(cluster, namespaces=2) as guard:
        yield guard


@pytest.fixture
def guard(shared_guard: Guard) -> Iterator[Guard]:
    """The same, checked after the test: no error logged, no invariant broken."""
    yield shared_guard
    shared_guard.check()


@pytest.fixture(scope="package")
def neighbour(shared_guard: Guard) -> Iterator[Neighbour]:
    """A Service that must not notice what the tests do beside it."""
    with Neighbour(shared_guard) as neighbour:
        yield neighbour


@pytest.fixture
def detector() -> Iterator[Detector]:
    """A custom detector that names nobody until told."""
    with Detector() as detector:
        yield detector


@pytest.fixture
def prometheus() -> Iterator[PrometheusStandIn]:
    """A stand-in that answers an empty vector until told."""
    with PrometheusStandIn() as stand_in:
        yield stand_in
