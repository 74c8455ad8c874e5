"""A cluster that knows KubervisorServices, and a bench for each file of faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from playground.cluster import LocalCluster
from tests.e2e.scene import Scene
from tests.faults.bench import Bench, Stage
from tests.namespaces import passing_namespace

Figure = Callable[[str], None]

LONG = pytest.mark.long
"""Left to `make faults`: `make test` has three minutes for this folder, and a case of its kind."""


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Notes what was measured, in words; the page of faults shows it."""
    return lambda text: record_property("figure", text)


@pytest.fixture(scope="module")
def bench(taught: LocalCluster) -> Iterator[Bench]:
    """One controller behind a fault proxy, in a namespace of its own."""
    with passing_namespace(taught, "faults") as name, Bench(taught, name) as bench:
        yield bench


@pytest.fixture
def stage(bench: Bench) -> Iterator[Stage]:
    """A fleet and a KubervisorService on the bench; the invariants are asked at the end."""
    with bench.stage() as stage:
        yield stage


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """A namespace whose controllers the test starts and ends itself."""
    with Scene(taught, namespace) as scene:
        yield scene
