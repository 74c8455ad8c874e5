"""A scene for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from tests.e2e.scene import Scene
from tests.namespaces import passing_namespace


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """Fails the test at its end when an invariant was broken meanwhile."""
    with Scene(taught, namespace) as scene:
        yield scene


@pytest.fixture
def other_scene(taught: LocalCluster) -> Iterator[Scene]:
    """A second namespace, beside that of `scene`."""
    with passing_namespace(taught) as name, Scene(taught, name) as scene:
        yield scene
