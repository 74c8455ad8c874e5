"""The examples are valid: here, and on a real API server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kubervisor.api.kubervisorservice import KIND
from kubervisor.api.policy import to_policy
from playground.access import Cluster

FOLDER = Path(__file__).parents[2] / "examples" / "detectors"
EXAMPLES = [path for path in sorted(FOLDER.glob("*.yaml")) if f"kind: {KIND}\n" in path.read_text()]
EACH = pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])


@EACH
def test_each_example_is_a_policy(example: Path) -> None:
    manifest = yaml.safe_load(example.read_text())
    assert to_policy(manifest["spec"], name=manifest["metadata"]["name"]).breakers


def test_every_detector_has_an_example() -> None:
    named = {path.stem for path in EXAMPLES}
    assert {"ratio", "threshold", "deviation", "trend", "preset", "scrape", "watchdog"} <= named


@EACH
def test_each_example_applies(taught: Cluster, example: Path) -> None:
    applied = taught.kubectl("create", "--dry-run=server", "-f", str(example))
    assert "created (server dry run)" in applied
