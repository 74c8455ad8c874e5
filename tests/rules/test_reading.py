"""From AutopilotRules to policies: what fields mean, what is left out, what is wrong in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.autopilot_condition import Expression as WrittenExpression
from kubervisor.api.autopilot_fields import LabelRequirement
from kubervisor.api.autopilot_rule import AutopilotRuleSpec
from kubervisor.cli.documents import read_objects
from kubervisor.rules.actions.registry import ACTIONS
from kubervisor.rules.decision.policy import (
    ActionCall,
    Expression,
    MetricLabels,
    NoData,
    ObjectKind,
    Operator,
    RulePolicy,
    RuleType,
    Window,
    Windows,
)
from kubervisor.rules.decision.selector import LabelOperator, LabelSelector, Requirement
from kubervisor.rules.expressions import ALIASES, CAPACITY
from kubervisor.rules.reading import Problems, read_rule
from tests.rules.manifests import ORIGINALS, Refused, changed, refused

RESIZE = "openstorage.io.action.volume/resize"
SCALE = "kubervisor.k8s.io.action.workload/scale"
MOVE = "openstorage.io.action.volume/move"
WEBHOOK = "kubervisor.k8s.io.action/webhook"
EVICT = "kubervisor.k8s.io.action.pod/evict"


@dataclass(frozen=True)
class Stored:
    """An AutopilotRule as the API server has it."""

    spec: Mapping[str, object] = field(default_factory=dict)
    name: str = "volume-resize"
    uid: str = "u-1"
    generation: int = 4
    created_at: float = 1000.0


def policy(changes: Mapping[str, Any]) -> RulePolicy:
    found = read_rule(Stored(changed(changes)), ACTIONS)
    assert isinstance(found, RulePolicy), found
    return found


def problems(changes: Mapping[str, Any]) -> Problems:
    found = read_rule(Stored(changed(changes)), ACTIONS)
    assert isinstance(found, Problems), found
    return found


def scale_by(count: str) -> dict[str, Any]:
    return {"name": SCALE, "params": {"by": count, "min": "1", "max": "9"}}


def test_a_rule_says_little_and_means_the_originals_defaults() -> None:
    assert policy({}) == RulePolicy(
        name="volume-resize",
        uid="u-1",
        generation=4,
        created_at=1000.0,
        kind=ObjectKind.CLAIM,
        labels=MetricLabels(
            namespace=("exported_namespace", "namespace"),
            name=("persistentvolumeclaim", "pvc"),
            volume=("persistentvolume", "volumename", "pv"),
        ),
        expressions=(Expression(ALIASES["VolumeUsagePercent"], Operator.GT, ("50",)),),
        actions=(ActionCall(RESIZE, {"scalepercentage": "50"}),),
        source="default",
        required_matches=0,
        hold_for=30.0,
        poll_interval=10.0,
        cool_down=300.0,
        weight=0,
        needs_approval=False,
        approval_expiry=86_400.0,
        action_windows=None,
        capacity=CAPACITY,
        no_data=NoData.HOLD,
        dry_run=False,
    )


def test_all_that_a_rule_can_say_is_in_its_policy() -> None:
    found = policy(
        {
            "weight": -3,
            "enforcement": "approvalRequired",
            "selector": {
                "matchLabels": {"app": "postgres"},
                "matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["test"]}],
            },
            "namespaceSelector": {"matchLabels": {"type": "db"}},
            "conditions.for": 0,
            "conditions.requiredMatches": 1,
            "conditions.provider": "thanos",
            "conditions.expressions": [
                {"key": "a  # of all\n + b", "operator": "InRange", "values": ["-1", "2.5e3"]},
                {"key": "c", "operator": "DoesNotExist"},
            ],
            "pollInterval": 60,
            "actionsCoolDownPeriod": 3600,
            "metricLabels": {"namespace": ["ns"], "name": ["claim", "c"], "volume": []},
            "capacityKey": "",
            "noData": "Clear",
            "dryRun": True,
            "approvalExpiry": 600,
        }
    )

    assert found.selector == LabelSelector(
        {"app": "postgres"}, (Requirement("tier", LabelOperator.NOT_IN, frozenset({"test"})),)
    )
    assert found.namespace_selector == LabelSelector({"type": "db"})
    assert found.expressions == (
        Expression("a  \n + b", Operator.IN_RANGE, ("-1", "2.5e3")),
        Expression("c", Operator.DOES_NOT_EXIST),
    )
    assert found.labels == MetricLabels(("ns",), ("claim", "c"))
    assert (found.weight, found.needs_approval, found.source) == (-3, True, "thanos")
    assert (found.hold_for, found.required_matches, found.poll_interval) == (0.0, 1, 60.0)
    assert (found.cool_down, found.capacity, found.no_data) == (3600.0, "", NoData.CLEAR)
    assert (found.dry_run, found.approval_expiry) == (True, 600.0)


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda path: path.stem)
def test_each_rule_of_the_original_is_understood(original: Path) -> None:
    (rule,) = read_objects(original)
    found = read_rule(Stored(rule["spec"], name=rule["metadata"]["name"]), ACTIONS)

    if original.stem.startswith("pool-"):
        assert isinstance(found, Problems)
        assert found.reason == "ActionNotSupported"
        assert "spec.actions[0].name: openstorage.io.action.storagepool/" in found.message
    else:
        assert isinstance(found, RulePolicy)
        assert found.kind is ObjectKind.CLAIM


@pytest.mark.parametrize(
    "row", [row for row in refused() if "unknown field" not in row.says], ids=lambda row: row.why
)
def test_what_the_api_server_refuses_is_refused_here_too(row: Refused) -> None:
    found = read_rule(Stored(row.spec), ACTIONS)

    assert isinstance(found, Problems)
    assert found.reason == "SpecInvalid"
    assert found.message.startswith("spec.")


def test_a_field_that_clients_without_validation_lose_leaves_no_action() -> None:
    found = problems({"actions": "<absent>", "action": {"name": RESIZE}})

    assert found.message.startswith("spec.actions: must have at least one action")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"actions": [{"name": RESIZE, "params": {"resizePercentage": "50"}}]},
            (
                "spec.actions[0].params: resizePercentage is no parameter of this action; it takes "
                "scalepercentage, scalesize, maxsize"
            ),
        ),
        (
            {"actions": [{"name": RESIZE, "params": {"scalepercentage": "5", "scalesize": "1Gi"}}]},
            (
                "spec.actions[0].params: scalepercentage and scalesize exclude each other; write "
                "one of them"
            ),
        ),
        (
            {"conditions.expressions": [{"keyAlias": "Usage", "operator": "Exists"}]},
            (
                "spec.conditions.expressions[0].keyAlias: must be one of VolumeUsagePercent, "
                "VolumeInodesUsagePercent, VolumeCapacityGB, is 'Usage'"
            ),
        ),
        (
            {
                "conditions.expressions": [
                    {"keyAlias": "PoolUsageDeviationPerc", "operator": "Exists"}
                ]
            },
            (
                "spec.conditions.expressions[0].keyAlias: PoolUsageDeviationPerc is about Portworx "
                "storage pools, which Kubervisor does not act on; write a key about the objects "
                "of the rule"
            ),
        ),
        (
            {"conditions.expressions": [{"expression": "avg:px.usage{*} > 50"}]},
            (
                "spec.conditions.expressions[0].expression: queries for Datadog are not supported; "
                "write key with a PromQL expression, operator and values"
            ),
        ),
        (
            {"conditions.expressions": [{"key": "a", "operator": "InRange", "values": ["9", "1"]}]},
            (
                'spec.conditions.expressions[0].values: must have the lower end first; write ["1", '
                '"9"]'
            ),
        ),
        (
            {"conditions.expressions": [{"key": "a) or (b", "operator": "Exists"}]},
            "spec.conditions.expressions[0].key: must be PromQL, but ) closes nothing",
        ),
        (
            {"capacityKey": "sum(a"},
            "spec.capacityKey: must be PromQL, but ( is not closed",
        ),
        (
            {"actionWindow": {"timezone": "Europe/Atlantis"}},
            (
                "spec.actionWindow: has an unknown timezone 'Europe/Atlantis'; write an IANA name "
                "such as Europe/Berlin"
            ),
        ),
        (
            {"actions": [scale_by("1")]},
            (
                "spec.objectKind: must be given: Deployment or StatefulSet; write objectKind: "
                "Deployment"
            ),
        ),
        (
            {"actions": [scale_by("1")], "objectKind": "Pod"},
            (
                "spec.objectKind: must be a kind that the actions are for, is Pod; write "
                "objectKind: Deployment"
            ),
        ),
        (
            {"actions": [{"name": RESIZE}, {"name": EVICT}]},
            "spec.actions: must all be for one kind of object; write a rule for each kind",
        ),
        (
            {
                "conditions": {"type": "volumeAccess"},
                "actions": [{"name": RESIZE}, scale_by("1")],
                "objectKind": "Pod",
            },
            "spec.objectKind: must be PersistentVolumeClaim where type is volumeAccess",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(changes: Mapping[str, Any], sentence: str) -> None:
    found = problems(changes)

    assert found.reason == "SpecInvalid"
    assert found.sentences[0] == sentence


def test_an_unknown_action_is_answered_with_those_that_there_are() -> None:
    found = problems({"actions": [{"name": "volume/resize"}]})

    assert found.message.startswith("spec.actions[0].name: must be one of ")
    assert RESIZE in found.message
    assert found.message.endswith("is 'volume/resize'")


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        {
            "capacityKey": ")",
            "actions": [{"name": RESIZE, "params": {"size": "1", "maxsize": "much"}}],
            "actionWindow": {"timezone": "../etc/passwd"},
        }
    )

    assert len(found.sentences) == 4
    assert found.message.count(". Also ") == 3


def test_a_name_too_long_for_a_label_is_told() -> None:
    found = read_rule(Stored(changed({}), name="n" * 64), ACTIONS)

    assert isinstance(found, Problems)
    assert found.message.startswith("metadata.name: must have at most 63 characters")


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("Deployment", ("exported_deployment", "deployment")),
        ("StatefulSet", ("exported_statefulset", "statefulset")),
    ],
)
def test_samples_of_workloads_are_found_by_labels_of_their_kind(
    kind: str, labels: tuple[str, ...]
) -> None:
    found = policy({"objectKind": kind, "actions": [scale_by("1")]})

    assert (found.kind, found.labels.name, found.labels.volume) == (kind, labels, ())
    assert found.capacity == ""


def test_a_rule_about_pods_needs_no_kind() -> None:
    assert policy({"actions": [{"name": EVICT}]}).kind is ObjectKind.POD


def test_moving_a_volume_needs_an_approval_whatever_the_rule_says() -> None:
    move = {"name": MOVE, "params": {"storageClass": "premium"}}

    assert policy({"actions": [move]}).needs_approval
    assert policy({"enforcement": "preferred", "actions": [move]}).needs_approval
    assert not policy({"enforcement": "required"}).needs_approval


def test_an_action_for_every_kind_is_about_claims_unless_the_rule_says_otherwise() -> None:
    hook = {"name": WEBHOOK, "params": {"url": "https://hooks.demo.svc:8443/x"}}

    assert policy({"actions": [hook]}).kind is ObjectKind.CLAIM
    assert policy({"actions": [hook], "objectKind": "StatefulSet"}).kind is ObjectKind.STATEFUL_SET
    assert policy({"actions": [hook, {"name": EVICT}]}).kind is ObjectKind.POD


def test_volume_access_is_reported_without_actions_or_answered_about_pods() -> None:
    watched = {"conditions": {"type": "volumeAccess"}}
    reports = policy({**watched, "actions": "<absent>"})
    evicts = policy({**watched, "actions": [{"name": EVICT}]})

    assert (reports.type, reports.kind, reports.actions) == (
        RuleType.VOLUME_ACCESS,
        ObjectKind.CLAIM,
        (),
    )
    assert evicts.kind is ObjectKind.CLAIM


def test_windows_are_by_the_clock_of_their_zone() -> None:
    (rule,) = read_objects(next(p for p in ORIGINALS if p.stem == "action-window"))
    found = read_rule(Stored(rule["spec"]), ACTIONS)

    assert isinstance(found, RulePolicy)
    assert found.action_windows == Windows(
        ZoneInfo("America/Los_Angeles"),
        (
            Window(time(22), time(6), frozenset({0, 1})),
            Window(time(9), time(17, 30), frozenset({5, 6})),
        ),
    )


def test_windows_that_are_switched_off_do_not_count() -> None:
    windows = [{"startTime": "22:00", "endTime": "06:00"}]

    assert policy({"actionWindow": {"enabled": False, "windows": windows}}).action_windows is None


def test_words_are_the_same_for_the_api_and_for_decisions() -> None:
    written = AutopilotRuleSpec.model_fields
    operators = WrittenExpression.model_fields["operator"].annotation

    assert set(get_args(get_args(operators)[0])) == set(Operator)
    assert set(get_args(written["no_data"].annotation)) == set(NoData)
    assert set(get_args(get_args(written["object_kind"].annotation)[0])) == set(ObjectKind)
    of_labels = LabelRequirement.model_fields["operator"].annotation
    assert set(get_args(of_labels)) == set(LabelOperator)


def test_the_reference_names_every_alias() -> None:
    told = WrittenExpression.model_fields["key_alias"].description or ""

    assert all(alias in told for alias in ALIASES)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
PATHS = st.sampled_from(
    [
        "actions",
        "actionWindow",
        "actionWindow.timezone",
        "actionWindow.windows",
        "capacityKey",
        "conditions",
        "conditions.expressions",
        "conditions.for",
        "conditions.type",
        "enforcement",
        "metricLabels",
        "namespaceSelector",
        "objectKind",
        "pollInterval",
        "selector.matchExpressions",
        "selector.matchLabels",
        "weight",
    ]
)


@given(path=PATHS, value=VALUES)
def test_no_value_of_any_field_does_more_than_make_its_rule_wrong(path: str, value: object) -> None:
    found = read_rule(Stored(changed({path: value})), ACTIONS)

    if isinstance(found, RulePolicy):
        assert math.isfinite(found.hold_for)
        assert found.poll_interval >= 1
    else:
        assert found.sentences
