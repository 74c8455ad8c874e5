"""Alerts tell what they should and no more; alerts and dashboard ask for series that exist."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.traffic.reasons import Reason
from tests.alerts.files import ALERTS, DASHBOARD, ROOT, RULES, asked, promtool, queries, series

CASES = Path(__file__).parent / "alerts-test.yaml"
RUNBOOKS = ROOT / "docs" / "runbooks"


def test_the_rules_are_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


def test_each_alert_is_told_when_it_should_and_only_then(tmp_path: Path) -> None:
    cases = yaml.safe_load(CASES.read_text())
    told = {test["alertname"] for case in cases["tests"] for test in case["alert_rule_test"]}
    assert told == {rule["alert"] for rule in ALERTS}
    # Texts are for people; the cases say which alerts are told of what.
    rules = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations")
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(rules))
    shutil.copy(CASES, tmp_path)
    promtool("test", "rules", tmp_path / CASES.name)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert {"summary", "description"} <= rule["annotations"].keys()
    assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    page = (ROOT / rule["annotations"]["runbook_url"]).read_text()
    assert page.startswith(f"# {rule['alert']}\n")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]
    assert "    kubectl " in page.partition("## Diagnosis")[2].partition("## Mitigation")[0]


def test_every_runbook_is_of_an_alert_and_listed() -> None:
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"index"}
    assert pages == {rule["alert"] for rule in ALERTS}
    index = (RUNBOOKS / "index.md").read_text()
    assert {name for name in pages if f"({name}.md)" in index} == pages


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*.md")), ids=lambda page: page.stem)
def test_a_runbook_speaks_of_what_exists(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"\bkubervisor_\w+", text)) <= series().keys()
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
    plugin = (ROOT / "docs" / "reference" / "kubectl-kubervisor.md").read_text()
    for command in re.findall(r"kubectl kubervisor (\w+)", text):
        assert f"`{command}" in plugin, command
    for reason in re.findall(r"--field-selector reason=(\w+)", text):
        assert reason in set(Reason)


@pytest.mark.parametrize(
    "expr",
    [
        *(pytest.param(rule["expr"], id=rule["alert"]) for rule in ALERTS),
        *(pytest.param(expr, id=title) for title, expr in queries()),
    ],
)
def test_an_expression_asks_for_series_that_exist(expr: str, tmp_path: Path) -> None:
    known = series()
    names = set(re.findall(r"\bkubervisor_\w+", expr))
    assert names
    assert names <= known.keys()
    # `le` is the histogram's own, `instance` the scrape's.
    given = {"le", "instance"}.union(*(known[name] for name in names))
    matched = re.findall(r"(\w+)=~?\"", expr)
    grouped = [one.strip() for by in re.findall(r"by \((.*?)\)", expr) for one in by.split(",")]
    assert {*matched, *grouped} <= given
    rule = {"groups": [{"name": "x", "rules": [{"record": "x", "expr": asked(expr)}]}]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule))
    promtool("check", "rules", "--lint=none", tmp_path / "rules.yaml")


def test_the_dashboard_has_no_panel_twice_or_on_top_of_another() -> None:
    panels = yaml.safe_load(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for panel in panels
        for at in (panel["gridPos"],)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert all(x < 24 for x, _ in taken)
