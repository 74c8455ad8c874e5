"""A scene for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from tests.e2e.scene import Scene


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """Fails the test at its end when an invariant was broken meanwhile."""
    with Scene(taught, namespace) as scene:
        yield scene


@pytest.fixture
def other_scene(taught: LocalCluster) -> Iterator[Scene]:
    """A second namespace, beside that of `scene`."""
    name = f"test-{secrets.token_hex(4)}"
    taught.kubectl("create", "namespace", name)
    taught.kubectl("wait", "serviceaccount/default", f"-n={name}", "--for=create", "--timeout=30s")
    with Scene(taught, name) as scene:
        yield scene
    taught.kubectl("delete", "namespace", name, "--wait=false")
