"""The alerts and the dashboard that are installed are those that tests/alerts tries."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.chart.rendering import objects
from tests.chart.variants import VARIANTS
from tests.security.chart import CHART

FILES = CHART / "files"


def test_what_is_installed_is_what_is_tested() -> None:
    rendered = {(one["kind"], one["metadata"]["name"]): one for one in _monitoring()}

    rules = rendered["PrometheusRule", "kubervisor"]["spec"]
    assert rules == yaml.safe_load((FILES / "alerts.yaml").read_text())
    text = rendered["ConfigMap", "kubervisor-dashboard"]["data"]["kubervisor.json"]
    assert json.loads(text) == json.loads((FILES / "dashboard.json").read_text())


def test_runbooks_are_linked_to_where_they_can_be_read() -> None:
    url = "https://docs.example/$1/runbooks/%s.html"
    values = {"monitoring": {"rules": {"enabled": True, "runbookUrl": url}}}
    (rules,) = (one for one in objects(values) if one["kind"] == "PrometheusRule")

    linked = {rule["alert"]: rule["annotations"]["runbook_url"] for rule in _rules(rules["spec"])}
    assert linked == {alert: url.replace("%s", alert) for alert in linked}
    assert len(linked) == len(_rules(yaml.safe_load((FILES / "alerts.yaml").read_text())))


def _monitoring() -> list[dict[str, Any]]:
    return objects(VARIANTS["monitoring"])


def _rules(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in spec["groups"] for rule in group["rules"]]
