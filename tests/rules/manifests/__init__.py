"""Rules of the original as its users have them, and specifications that are refused."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
ORIGINALS = tuple(sorted((FOLDER / "original").glob("*.yaml")))
API_VERSION = "autopilot.libopenstorage.org/v1alpha1"

USABLE: Mapping[str, Any] = {
    "conditions": {
        "expressions": [{"keyAlias": "VolumeUsagePercent", "operator": "Gt", "values": ["50"]}]
    },
    "actions": [
        {"name": "openstorage.io.action.volume/resize", "params": {"scalepercentage": "50"}}
    ],
}


@dataclass(frozen=True)
class Refused:
    """A specification that is refused, and a part of the sentence that says why."""

    why: str
    spec: Mapping[str, Any]
    says: str


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """`USABLE` with the values at dotted paths replaced; `<absent>` removes one."""
    spec = copy.deepcopy(dict(USABLE))
    for path, value in changes.items():
        *parents, last = path.split(".")
        inside = spec
        for step in parents:
            inside = inside.setdefault(step, {})
        if value == "<absent>":
            del inside[last]
        else:
            inside[last] = value
    return spec


def manifest(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The AutopilotRule of that name."""
    return {
        "apiVersion": API_VERSION,
        "kind": "AutopilotRule",
        "metadata": {"name": name},
        "spec": spec,
    }


def refused() -> list[Refused]:
    """All rows of refused.yaml."""
    rows = yaml.safe_load((FOLDER / "refused.yaml").read_text())
    return [Refused(row["why"], changed(row["change"]), row["says"]) for row in rows]
