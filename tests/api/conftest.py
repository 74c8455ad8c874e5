"""The manifests and tables that the pure tests and the tests on the real API server share."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

MANIFESTS = Path(__file__).parent / "manifests"


@dataclass(frozen=True)
class InvalidRow:
    """A specification that must be refused, and the path that the refusal must name."""

    why: str
    field: str
    spec: Any


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy of `base` with the values at dotted paths replaced; `<absent>` removes one."""
    spec = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
        target: Any = spec
        for step in parents:
            target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
        if value == "<absent>":
            del target[last]
        elif isinstance(target, list) and last == len(target):
            target.append(value)
        else:
            target[last] = value
    return spec


def _invalid_rows() -> list[InvalidRow]:
    table = yaml.safe_load((MANIFESTS / "invalid.yaml").read_text())
    return [
        InvalidRow(row["why"], row["field"], _changed(table["bases"][row["base"]], row["change"]))
        for row in table["rows"]
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "invalid" in metafunc.fixturenames:
        rows = _invalid_rows()
        metafunc.parametrize("invalid", rows, ids=[row.why for row in rows])
    if "original" in metafunc.fixturenames:
        paths = sorted((MANIFESTS / "original").glob("*.yaml"))
        metafunc.parametrize("original", paths, ids=[path.stem for path in paths])
