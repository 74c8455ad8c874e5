"""Each rule of examples/rules/ can be followed as it is written, and each file is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.kube.records import decode_spec
from kubervisor.rules.actions.registry import ACTIONS
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.job_templates import read_templates
from kubervisor.rules.reading import Problems, read_rule
from kubervisor.rules_config import find_source, read_rules_config
from kubervisor.source_settings import NamedSource

EXAMPLES = Path(__file__).parents[2] / "examples" / "rules"
POOLS = EXAMPLES / "original" / "pool-expand.yaml"


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        for one in yaml.safe_load_all(path.read_text()):
            if isinstance(one, dict) and one.get("kind") == "AutopilotRule":
                yield path, one


def read(rule: dict[str, Any]) -> RulePolicy | Problems:
    metadata = rule["metadata"] | {"uid": "x", "generation": 1, "resourceVersion": "1"}
    metadata["creationTimestamp"] = "2026-01-01T00:00:00Z"
    return read_rule(decode_spec(json.dumps(rule | {"metadata": metadata}).encode()), ACTIONS)


EACH = [pytest.param(rule, id=rule["metadata"]["name"]) for path, rule in rules() if path != POOLS]


@pytest.mark.parametrize("rule", EACH)
def test_a_rule_can_be_followed(rule: dict[str, Any]) -> None:
    found = read(rule)

    assert isinstance(found, RulePolicy), found.message


def test_a_rule_for_pools_is_answered() -> None:
    ((_, rule),) = (one for one in rules() if one[0] == POOLS)
    found = read(rule)

    assert isinstance(found, Problems)
    assert found.reason == "ActionNotSupported"


def test_every_action_has_an_example() -> None:
    used = {action["name"] for _, rule in rules() for action in rule["spec"].get("actions", ())}

    assert used >= ACTIONS.keys()


def test_the_jobs_of_the_chart_are_templates(tmp_path: Path) -> None:
    values = yaml.safe_load((EXAMPLES / "values-jobs.yaml").read_text())
    for name, job in values["rules"]["jobTemplates"].items():
        tmp_path.joinpath(f"{name}.yaml").write_text(yaml.safe_dump(job))

    assert read_templates(tmp_path).keys() == {"vacuum"}


def test_the_configuration_of_the_original_names_its_source() -> None:
    found = read_rules_config(EXAMPLES / "original" / "config.yaml")
    sources = [NamedSource(**source) for source in found["sources"]]

    assert find_source("prometheus", sources) == "default"
    assert sources[0].url == "http://prometheus.monitoring:9090"
    assert found["min_poll_interval"] == 5
