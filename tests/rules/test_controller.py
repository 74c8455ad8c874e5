"""The whole controller against a real API server: what rules ask for is done, once, and told."""

from __future__ import annotations

from typing import Any

import pytest

from playground.controller import Controller
from playground.provisioner import Provisioner
from playground.storage_changes import Answer, Work
from playground.storage_objects import GI
from tests.rules.farm import RESIZE, RULES, Farm, above

ONE_ACTION = [
    "Triggered",
    "ActiveActionsPending",
    "ActiveActionsInProgress",
    "ActiveActionsTaken",
    "Normal",
]
POLLS = 3
NEVER = {"name": "once", "startTime": "03:00", "endTime": "03:01", "daysOfWeek": ["Mon"]}
"""As good as."""


def test_a_claim_that_fills_up_grows_once_and_the_rule_returns_to_normal(farm: Farm) -> None:
    farm.claim("pg", used=1)
    farm.claim("idle", used=1)
    rule = farm.rule()
    controller = farm.controller()
    farm.wait_state("pg", "Normal")
    farm.used["pg"] = 6 * GI
    farm.wait(lambda: farm.history("pg") == ["Normal", *ONE_ACTION], "all states were passed")
    assert farm.capacity("pg") == 20 * GI
    assert farm.history("idle") == ["Normal"]
    status = farm.status("pg")
    assert [status["items"][1]["message"], len(status["acted"])] == ["usage is 60 (Gt 50)", 1]
    uid = status["object"]["uid"]
    said = [f"rule: {rule}:pvc-{uid} transition from {a} => {b}" for a, b in _steps(ONE_ACTION)]
    farm.wait(lambda: set(said) <= set(farm.told("Transition")), "Events tell of all")
    farm.wait(lambda: farm.condition("Triggered").get("status") == "False", "it is at rest")
    assert (farm.rule_status()["objects"], farm.rule_status()["acting"]) == (2, 0)
    assert metric(controller, "actions_total", rule=rule, action=RESIZE, outcome="taken") == 1
    assert metric(controller, "objects", rule=rule, state="Normal") == 2


def metric(controller: Controller, name: str, **labels: str) -> float:
    shown = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return controller.metric(f"kubervisor_rule_{name}{{{shown}}}")


def _steps(states: list[str]) -> list[tuple[str, str]]:
    return list(zip(["Normal", *states], states, strict=False))


def test_each_rule_asks_one_query_and_equal_ones_are_asked_once(farm: Farm) -> None:
    for number in range(3):
        farm.claim(f"pg-{number}", used=1)
    expressions = [above(50), {"key": "inodes", "operator": "Gt", "values": ["90"]}]
    farm.gauges["inodes"] = lambda: (
        ({"namespace": farm.namespace, "persistentvolumeclaim": f"pg-{n}"}, 1.0) for n in range(3)
    )
    conditions = {"for": 1, "expressions": expressions, "requiredMatches": 1}
    for name in ("one", "two", "three"):
        farm.rule(name, conditions=conditions, pollInterval=2)
    controller = farm.controller()
    for name in ("one", "two", "three"):
        farm.wait_state("pg-2", "Normal", name)
    farm.source.wait_asked(POLLS)
    assert len(set(farm.source.queries)) == 1
    polled = [
        metric(controller, "polls_total", rule=f"{name}-{farm.namespace}", outcome="Answered")
        for name in ("one", "two", "three")
    ]
    # The first answers came one by one, as each rule was seen for the first time.
    assert len(farm.source.queries) <= min(polled) + 2


def test_an_approval_is_asked_for_and_given_and_the_claim_grows_once(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule(enforcement="approvalRequired")
    farm.controller()
    farm.wait(lambda: farm.approval("pg").get("status"), "a person is asked")
    asked = farm.approval("pg")
    assert asked["spec"]["approvalState"] == "pending"
    (preview,) = asked["status"]["actionPreviews"]
    assert preview["expectedResult"]["message"].endswith("from 10Gi to 20Gi")
    assert preview["involvedObjects"][0]["name"] == "pg"
    farm.wait_state("pg", "ActionAwaitingApproval")
    farm.source.wait_asked(POLLS)
    assert farm.requested("pg") == 10 * GI
    farm.answer("pg", "approved")
    farm.wait(lambda: farm.history("pg")[-1:] == ["Normal"], "it is done")
    assert farm.history("pg") == ["Triggered", "ActionAwaitingApproval", *ONE_ACTION[1:]]
    assert farm.status("pg")["items"][1]["actionApprovalName"] == asked["metadata"]["name"]
    assert farm.capacity("pg") == 20 * GI
    # What was approved was that once.
    farm.used["pg"] = 15 * GI
    farm.wait_state("pg", "ActionAwaitingApproval")
    farm.wait(
        lambda: farm.approval("pg")["spec"]["approvalState"] == "pending", "it is asked for anew"
    )
    farm.source.wait_asked(POLLS)
    assert farm.requested("pg") == 20 * GI


def test_what_is_declined_is_not_done_until_the_approval_is_deleted(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule(enforcement="approvalRequired")
    farm.controller()
    farm.wait(lambda: farm.approval("pg").get("status"), "a person is asked")
    farm.answer("pg", "declined")
    farm.wait_state("pg", "ActionsDeclined")
    farm.source.wait_asked(POLLS)
    assert farm.state("pg") == "ActionsDeclined"
    farm.api.delete(f"{farm.approvals_path}/grow-{farm.namespace}-pg")
    farm.wait_state("pg", "ActionAwaitingApproval")
    farm.used["pg"] = 1 * GI
    farm.wait_state("pg", "Normal")
    farm.wait(
        lambda: farm.approval("pg")["spec"]["approvalState"] == "canceled", "nobody waits for it"
    )
    assert farm.requested("pg") == 10 * GI


def test_a_metric_of_before_the_growth_makes_nothing_grow_again(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.freeze("pg")
    farm.rule()
    farm.controller()
    farm.wait(lambda: farm.history("pg")[-1:] == ["Normal"], "it grew and is at rest")
    farm.source.wait_asked(2 * POLLS)
    assert (farm.state("pg"), farm.requested("pg")) == ("Normal", 20 * GI)
    del farm.stale["pg"]
    farm.used["pg"] = 15 * GI
    farm.wait(lambda: farm.capacity("pg") == 40 * GI, "with a metric of now it grows")


def test_a_dry_run_tells_what_would_be_done(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule()
    farm.controller("--dry-run")
    farm.wait(lambda: farm.status("pg").get("reason") == "DryRun", "it says so")
    assert "from 10Gi to 20Gi" in farm.status("pg")["message"]
    assert farm.condition("Ready")["reason"] == "DryRun"
    farm.source.wait_asked(POLLS)
    assert (farm.state("pg"), farm.requested("pg")) == ("Triggered", 10 * GI)


def test_a_rule_that_cannot_be_followed_says_why_and_others_go_on(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule("pool", actions=[{"name": "openstorage.io.action.storagepool/expand"}])
    farm.rule(
        "hook", actions=[{"name": "kubervisor.k8s.io.action/job", "params": {"template": "x"}}]
    )
    elsewhere = {"for": 0, "expressions": [above(50)], "provider": "thanos"}
    farm.rule("lost", conditions=elsewhere)
    farm.rule("typo", actions=[{"name": RESIZE, "params": {"scalepercent": "100"}}])
    farm.rule("grow")
    farm.controller()
    reasons = {
        "pool": "ActionNotSupported",
        "hook": "ActionNotEnabled",
        "lost": "SourceUnavailable",
        "typo": "SpecInvalid",
    }
    farm.wait(
        lambda: all(
            farm.condition("Ready", rule).get("reason") == reason
            for rule, reason in reasons.items()
        ),
        f"they are {reasons}",
    )
    assert "--actions=job" in farm.condition("Ready", "hook")["message"]
    farm.wait(lambda: farm.capacity("pg") == 20 * GI, "the one that can is followed")
    farm.rule("typo", actions=[{"name": RESIZE, "params": {"scalepercentage": "100"}}])
    farm.wait(
        lambda: farm.condition("Ready", "typo")["status"] == "True", "put right, it is followed"
    )


def test_the_rule_with_more_weight_acts_and_the_other_waits(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule("light", actions=[{"name": RESIZE, "params": {"scalesize": "1Gi"}}])
    farm.rule("heavy", weight=10)
    farm.controller()
    farm.wait(lambda: farm.told("RuleConflict", "light"), "an Event tells of the conflict")
    (note, *_) = farm.told("RuleConflict", "light")
    assert f"heavy-{farm.namespace}" in note
    farm.wait(lambda: farm.history("pg", "heavy")[-1:] == ["Normal"], "one of them acts")
    farm.source.wait_asked(POLLS)
    assert farm.capacity("pg") == 20 * GI
    assert "ActiveActionsInProgress" not in farm.history("pg", "light")


def test_a_rule_that_is_no_longer_followed_stands_in_nobodys_way(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule("heavy", weight=10, actionWindow={"enabled": True, "windows": [NEVER]})
    farm.controller()
    farm.wait_state("pg", "ActionAwaitingWindow", "heavy")
    farm.rule("light")
    farm.wait(lambda: farm.told("RuleConflict", "light"), "the heavier goes first, once it may")
    farm.rule("heavy", weight=10, actions=[{"name": "openstorage.io.action.storagepool/expand"}])
    farm.wait(lambda: farm.capacity("pg") == 20 * GI, "the other acts")


def test_no_more_actions_at_once_than_may_be(farm: Farm, provisioner: Provisioner) -> None:
    for number in range(3):
        farm.claim(f"pg-{number}", used=6)
    farm.rule()
    provisioner.answer(Work.RESIZE, Answer.HOLD)
    try:
        farm.controller("--actions-at-once=1")
        farm.wait(
            lambda: (
                sorted(farm.state(f"pg-{n}") for n in range(3))
                == ["ActiveActionsInProgress", "ActiveActionsPending", "ActiveActionsPending"]
            ),
            "one is in progress, and the others wait",
        )
        farm.source.wait_asked(POLLS)
        assert sum(farm.requested(f"pg-{n}") == 20 * GI for n in range(3)) == 1
    finally:
        provisioner.answer(Work.RESIZE, Answer.DO)
    farm.wait(
        lambda: all(farm.capacity(f"pg-{n}") == 20 * GI for n in range(3)), "one after the other"
    )


def test_what_fails_is_told_and_tried_again(farm: Farm, provisioner: Provisioner) -> None:
    farm.claim("pg", used=6)
    rule = farm.rule()
    provisioner.answer(Work.RESIZE, Answer.REFUSE)
    try:
        farm.controller()
        farm.wait(lambda: farm.told("FailedAction"), "an Event says so")
        (note, *_) = farm.told("FailedAction")
        assert note.startswith(f"failed to execute Action for rule {rule}")
    finally:
        provisioner.answer(Work.RESIZE, Answer.DO)
    farm.wait(lambda: farm.history("pg")[-1:] == ["Normal"], "then it grows")
    assert farm.capacity("pg") == 20 * GI


def test_what_is_remembered_goes_with_the_object_the_selector_and_the_rule(farm: Farm) -> None:
    for name in ("gone", "other", "pg"):
        farm.claim(name, used=1, labels={"app": name})
    farm.rule()
    farm.controller()
    for name in ("gone", "other", "pg"):
        farm.wait_state(name, "Normal")
    farm.api.delete(f"{farm.claims_path}/gone")
    farm.wait(lambda: not farm.status("gone"), "its record goes with the claim")
    farm.rule(selector={"matchLabels": {"app": "pg"}})
    farm.wait(lambda: not farm.status("other"), "and where the rule is no longer about it")
    farm.rule()
    farm.wait_state("other", "Normal")
    farm.api.delete(f"{RULES}/grow-{farm.namespace}")
    farm.wait(lambda: not farm.objects.objects, "all go with the rule")


def test_outside_its_windows_a_rule_waits(farm: Farm) -> None:
    farm.claim("pg", used=6)
    farm.rule(actionWindow={"enabled": True, "windows": [NEVER]})
    farm.controller()
    farm.wait_state("pg", "ActionAwaitingWindow")
    farm.source.wait_asked(POLLS)
    assert farm.requested("pg") == 10 * GI
    farm.rule(actionWindow={"enabled": False})
    farm.wait(lambda: farm.capacity("pg") == 20 * GI, "without windows it grows")


@pytest.mark.parametrize(
    "labels", [{"exported_namespace": "{ns}", "pvc": "pg"}, {"persistentvolume": "{pv}"}]
)
def test_samples_name_claims_by_other_labels_too(farm: Farm, labels: dict[str, str]) -> None:
    farm.claim("pg", used=6)
    volume = farm.claims.objects[f"{farm.namespace}/pg"]["spec"]["volumeName"]
    shown = {key: one.format(ns=farm.namespace, pv=volume) for key, one in labels.items()}
    farm.gauges["usage"] = lambda: [({"namespace": "monitoring", **shown}, 60.0)]
    farm.rule(capacityKey="")
    farm.controller()
    farm.wait(lambda: farm.capacity("pg") == 20 * GI, "it grows")


def test_objects_of_other_namespaces_are_nobody_elses(farm: Farm) -> None:
    spec: dict[str, Any] = {"namespaceSelector": {"matchLabels": {"no": "such"}}}
    farm.claim("pg", used=6)
    farm.rule(**spec)
    farm.controller()
    farm.source.wait_asked(POLLS)
    farm.wait(lambda: farm.rule_status().get("objects") == 0, "it is about none")
    assert not farm.objects.objects
