"""The alerts and the dashboard as the chart has them, and the series that they may ask for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

import metrics_page
from playground import binaries

ROOT = Path(__file__).parents[2]
RULES = ROOT / "charts" / "kubervisor" / "files" / "alerts.yaml"
DASHBOARD = ROOT / "charts" / "kubervisor" / "files" / "dashboard.json"
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
]
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def promtool(*args: str | Path) -> str:
    """What promtool prints. Raises AssertionError with what it says where it fails."""
    done = subprocess.run(
        [binaries.ensure() / "promtool", *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def series() -> dict[str, set[str]]:
    """The labels of every series of the controller, by its name."""
    return {
        family.name + suffix: set(metrics_page.label_names(metric))
        for metric in metrics_page.METRICS
        for family in metric.describe()
        for suffix in _SUFFIXES[family.type]
    }


def queries() -> Iterator[tuple[str, str]]:
    """Title and expression of each query of the dashboard, the variables in it."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]


def asked(expr: str, *, namespace: str = "shop", interval: str = "5m") -> str:
    """The expression as Grafana sends it."""
    return expr.replace("$__rate_interval", interval).replace("$namespace", namespace)
