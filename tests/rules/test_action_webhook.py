"""A webhook is called with one key per intent, until it was answered."""

from __future__ import annotations

import pytest

from kubervisor.rules.actions.action import Call, Do, Done, Target
from kubervisor.rules.actions.registry import ACTIONS, make_actions
from kubervisor.rules.actions.webhook import CallWebhook
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import DictWorld, go_on, previewed, refusal

POD = ObjectRef("Pod", "shop", "thief", "uid-thief")
CLAIM = ObjectRef("PersistentVolumeClaim", "shop", "data", "uid-data")
TARGET = Target(CLAIM, "full", ("93",), (POD,))
PARAMS = {"url": "https://hooks.ops.svc/run?x=1"}
NOW = 1_000_000.25


def preview(now: float = NOW, target: Target = TARGET) -> Intent:
    return previewed(CallWebhook(), DictWorld(), target, PARAMS, now)


def call_of(intent: Intent) -> Call:
    step = CallWebhook().step(CLAIM, intent, DictWorld(), NOW)
    assert isinstance(step, Do)
    assert isinstance(step.deed, Call)
    return step.deed


def test_it_tells_the_rule_the_object_the_values_and_who_is_involved() -> None:
    assert call_of(preview()).url == PARAMS["url"]
    assert call_of(preview()).body == {
        "rule": "full",
        "object": {
            "kind": "PersistentVolumeClaim",
            "namespace": "shop",
            "name": "data",
            "uid": "uid-data",
        },
        "values": ["93"],
        "involved": [
            {"kind": "Pod", "namespace": "shop", "name": "thief", "uid": "uid-thief"},
        ],
    }


def test_once_it_was_answered_it_is_done() -> None:
    world = DictWorld()
    step, _ = go_on(CallWebhook(), world, CLAIM, preview(), NOW)
    assert isinstance(step, Done)
    assert len(world.called) == 1


def test_called_again_for_the_same_intent_it_has_the_same_key() -> None:
    """As after a kill between the call and the note of it."""
    intent = preview()
    assert call_of(intent).key == call_of(intent).key


def test_another_intent_has_another_key() -> None:
    keys = {
        call_of(preview()).key,
        call_of(preview(NOW + 1)).key,
        call_of(preview(target=Target(CLAIM, "other"))).key,
    }
    assert len(keys) == 3


def test_an_approval_is_not_outdated_by_what_is_seen_meanwhile() -> None:
    later = preview(NOW + 60, Target(CLAIM, "full", ("97",)))
    assert digest([later]) == digest([preview()])


def test_the_preview_names_the_host_and_not_the_path() -> None:
    assert preview().summary == "call webhook hooks.ops.svc about PersistentVolumeClaim shop/data"


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "url is missing"),
        ({"url": "hooks.ops.svc/run"}, "neither http nor https"),
        ({**PARAMS, "method": "PUT"}, "method is no parameter"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(params: dict[str, str], says: str) -> None:
    (problem,) = CallWebhook().problems(params)
    assert says in problem


def test_a_host_that_is_not_allowed_is_a_problem_and_no_preview() -> None:
    action = make_actions(webhook_refusal=lambda _: "it is not allowed")[CallWebhook.name]
    assert action.problems(PARAMS) == ["url: it is not allowed"]
    refused = refusal(action, DictWorld(), TARGET, PARAMS, NOW)
    assert refused.is_final


def test_without_settings_only_the_text_is_looked_at() -> None:
    assert ACTIONS[CallWebhook.name].problems(PARAMS) == []
