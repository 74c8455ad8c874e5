"""A cluster that knows KubervisorServices, and a bench for each file of faults."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from playground.cluster import LocalCluster
from tests.e2e.scene import Scene
from tests.faults.bench import Bench, Stage

Figure = Callable[[str], None]


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Notes what was measured, in words; the page of faults shows it."""
    return lambda text: record_property("figure", text)


@pytest.fixture(scope="module")
def bench(taught: LocalCluster) -> Iterator[Bench]:
    """One controller behind a fault proxy, in a namespace of its own."""
    name = f"faults-{secrets.token_hex(4)}"
    taught.kubectl("create", "namespace", name)
    taught.kubectl("wait", "serviceaccount/default", f"-n={name}", "--for=create", "--timeout=30s")
    with Bench(taught, name) as bench:
        yield bench
    taught.kubectl("delete", "namespace", name, "--wait=false")


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
