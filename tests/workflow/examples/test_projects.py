"""Each project of examples/workflows/ is as its README promises of all projects."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.workflow_process import PROJECTS

ROOT = Path(__file__).parents[3]
EACH = sorted(path.parent.name for path in PROJECTS.glob("*/autopilot.yaml"))


def run(project: str, *module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=PROJECTS / project,
        env=os.environ | {"MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_there_are_examples() -> None:
    assert {"autorouter", "canary"} <= set(EACH)


@pytest.mark.parametrize("project", EACH)
def test_its_own_tests_pass(project: str) -> None:
    run(project, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is known of the library's types, once for all projects."""
    return tmp_path_factory.mktemp("types")


@pytest.mark.parametrize("project", EACH)
def test_its_types_and_its_style_are_right(project: str, types: Path) -> None:
    run(project, "mypy", f"--cache-dir={types}", "--no-error-summary")
    run(project, "ruff", "check", "--no-cache")
    run(project, "ruff", "format", "--check", "--no-cache")
