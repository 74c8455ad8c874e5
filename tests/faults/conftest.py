"""A cluster that knows KubervisorServices, and a bench for each file of faults."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from playground.cluster import LocalCluster
from tests.e2e.scene import Scene
from tests.faults.bench import Bench, Stage

Figure = Callable[[str], None]

LONG = pytest.mark.long
"""Left to `make faults`: `make test` has three minutes for this folder, and a case of its kind."""


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Notes what was measured, in words; the page of faults shows it."""
    return lambda text: record_property("figure", text)


@contextmanager
def a_namespace(cluster: LocalCluster) -> Iterator[str]:
    """A namespace for a whole file, in which pods can be created."""
    name = f"faults-{secrets.token_hex(4)}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("wait", "serviceaccount/default", f"-n={name}", "--for=create", "--timeout=30s")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def bench(taught: LocalCluster) -> Iterator[Bench]:
    """One controller behind a fault proxy, in a namespace of its own."""
    with a_namespace(taught) as name, Bench(taught, name) as bench:
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
