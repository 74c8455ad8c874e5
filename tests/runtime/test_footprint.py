"""What `kubervisor run` leaves out of its memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = [
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "kubernetes.client.api.core_v1_api",
    "kubernetes.client.models.v1_pod",
    "kubervisor.replay",
    "kubervisor.simulation",
    "kubervisor.api.crd",
]


@pytest.fixture(scope="module")
def imported() -> frozenset[str]:
    """The modules of a process that has imported all of the controller."""
    script = "import sys, kubervisor.app, kubervisor.cli.run; print(*sys.modules, sep='\\n')"
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return frozenset(said.stdout.split())


@pytest.mark.parametrize("module", HEAVY)
def test_the_controller_does_not_import(imported: frozenset[str], module: str) -> None:
    assert "kubervisor.app" in imported
    assert module not in imported
