"""`kubervisor rules convert`: StoragePolicies become rules that mean the same, or a sentence."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kubervisor.cli import main
from kubervisor.errors import SpecError
from kubervisor.rules.actions.registry import ACTIONS
from kubervisor.rules.decision.policy import Expression, Operator, RulePolicy
from kubervisor.rules.expressions import ALIASES
from kubervisor.rules.reading import read_rule
from kubervisor.rules.storage_policy import convert
from tests.rules.test_reading import Stored

RESIZE = "openstorage.io.action.volume/resize"
POLICY: Mapping[str, Any] = {
    "apiVersion": "autopilot.libopenstorage.org/v1alpha1",
    "kind": "StoragePolicy",
    "metadata": {"name": "postgres", "namespace": "shop", "labels": {"team": "db"}},
    "spec": {
        "weight": 5,
        "enforcement": "required",
        "object": {
            "type": "openstorage.io.object/volume",
            "matchLabels": {"app": "postgres"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold"]}],
        },
        "conditions": [
            {
                "key": "openstorage.io/condition.volume.usage_percentage",
                "operator": "gt",
                "values": ["80"],
            },
            {
                "key": "openstorage.io.condition.volume/capacity_gb",
                "operator": "lt",
                "values": [100],
            },
        ],
        "action": {"name": RESIZE},
    },
}


def with_spec(**parts: Any) -> dict[str, Any]:
    policy = copy.deepcopy(dict(POLICY))
    policy["spec"] |= parts
    return policy


def test_a_policy_becomes_a_rule_that_means_the_same() -> None:
    rule = convert(POLICY)
    found = read_rule(Stored(rule["spec"], name=rule["metadata"]["name"]), ACTIONS)

    assert rule["metadata"] == {"name": "postgres", "labels": {"team": "db"}}
    assert isinstance(found, RulePolicy)
    assert found.weight == 5
    assert found.selector.selects({"app": "postgres", "tier": "gold"})
    assert not found.selector.selects({"app": "postgres"})
    assert found.expressions == (
        Expression(ALIASES["VolumeUsagePercent"], Operator.GT, ("80",)),
        Expression(ALIASES["VolumeCapacityGB"], Operator.LT, ("100",)),
    )
    assert [call.params for call in found.actions] == [{"scalesize": "2Gi"}]
    assert found.cool_down == 240


@pytest.mark.parametrize(
    "kind",
    [
        "openstorage.io.object/volume",
        "openstorage.io.object.volume",
        "openstorage.io/object.volume",
    ],
)
def test_every_spelling_of_a_volume_is_read(kind: str) -> None:
    rule = convert(with_spec(object={"type": kind, "matchLabels": {"app": "x"}}))

    assert rule["spec"]["selector"] == {"matchLabels": {"app": "x"}}


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"object": {"type": "openstorage.io.object/node"}}, "spec.object.type: "),
        ({"object": None}, "spec.object.type: '' has no counterpart"),
        ({"conditions": []}, "spec.conditions: must have at least one"),
        ({"conditions": ["x"]}, r"spec.conditions\[0\].key: '' has no counterpart"),
        (
            {"conditions": [{"key": "openstorage.io/condition.volume.latency_ms"}]},
            r"spec.conditions\[0\].key: .*latency_ms' has no counterpart",
        ),
        (
            {"conditions": [{**POLICY["spec"]["conditions"][0], "operator": "ge"}]},
            "must be gt, lt or eq, is 'ge'",
        ),
        (
            {"conditions": [{**POLICY["spec"]["conditions"][0], "values": ["1", "2"]}]},
            "values: must be a list of one number",
        ),
        ({"action": {"name": "openstorage.io.action.volume/move"}}, "spec.action.name: "),
        (
            {"action": {"name": RESIZE, "actionObject": {"type": "openstorage.io.object/node"}}},
            "spec.action.actionObject: has no counterpart",
        ),
    ],
)
def test_what_has_no_counterpart_is_said(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        convert(with_spec(**parts))


def test_files_are_printed_as_rules_and_the_rest_is_told(tmp_path: Path) -> None:
    node = with_spec(object={"type": "openstorage.io.object/node"})
    file = tmp_path / "policies.yaml"
    file.write_text(yaml.safe_dump_all([dict(POLICY), node, {"kind": "ConfigMap"}]))

    result = CliRunner().invoke(main, ["rules", "convert", str(file)])

    assert result.exit_code == 1
    (rule,) = yaml.safe_load_all(result.stdout)
    assert rule == convert(POLICY)
    assert "each growth is 2Gi and rests 240 s" in result.stderr
    assert "StoragePolicy postgres: spec.object.type: 'openstorage.io.object/node'" in result.stderr


def test_a_file_of_policies_converts_without_an_error(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(yaml.safe_dump({"kind": "List", "items": [dict(POLICY)]}))

    assert CliRunner().invoke(main, ["rules", "convert", str(file)]).exit_code == 0


@pytest.mark.parametrize(
    ("text", "says"), [("a: [", "is neither YAML nor JSON"), ("a: 1", "holds no StoragePolicy")]
)
def test_a_file_without_policies_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)

    result = CliRunner().invoke(main, ["rules", "convert", str(file)])

    assert result.exit_code == 1
    assert says in result.stderr
