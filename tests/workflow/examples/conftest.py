"""A cluster that knows what a mesh has."""

from __future__ import annotations

import pytest

from playground import mesh_kinds
from playground.cluster import LocalCluster


@pytest.fixture(scope="session")
def meshed(taught: LocalCluster) -> LocalCluster:
    """The shared cluster, which serves our kinds and those of a mesh."""
    mesh_kinds.teach(taught)
    return taught
