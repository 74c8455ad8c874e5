"""Played storage, and a farm of each test's own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.provisioner import Provisioner
from tests.rules.farm import Farm


@pytest.fixture(scope="module")
def provisioner(taught: LocalCluster) -> Iterator[Provisioner]:
    """Storage of the shared cluster; a test that has it answer otherwise sets it right again. It
    ends with the file: others have one of their own, and two at once would get in each other's way.
    """
    with Provisioner(taught) as running:
        yield running


@pytest.fixture
def farm(
    taught: LocalCluster,
    provisioner: Provisioner,  # noqa: ARG001 - it plays
    namespace: str,
) -> Iterator[Farm]:
    """Claims, metrics and rules in a fresh namespace."""
    with Farm(taught, namespace) as farm:
        yield farm
