"""What `rules`, `approvals`, `approve` and `decline` say, without a cluster."""

from __future__ import annotations

import doctest
import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_kubervisor import cli, rules, words
from kubectl_kubervisor import rules_explaining as explaining
from kubectl_kubervisor import rules_standing as shown
from kubectl_kubervisor.approving import obstacle
from kubectl_kubervisor.rules_objects import (
    RULE_LABEL,
    Approval,
    Rule,
    Standing,
    approval,
    rule,
    standing,
)
from kubervisor.api import autopilot_rule_object
from kubervisor.rules.decision.states import State
from kubervisor.rules_settings import RulesSettings
from tests import rule_bodies as bodies
from tests.plugin.bodies import AN_HOUR_AGO, NOW


def a_rule(**spec: Any) -> Rule:
    body = bodies.a_rule("volume-resize", NOW, **spec)
    body["metadata"] |= {"generation": 1, "creationTimestamp": AN_HOUR_AGO}
    return rule(body)


def a_standing(status: bodies.Body) -> Standing:
    body = bodies.an_object("volume-resize", "data-0", status)
    body["metadata"]["namespace"] = "shop"
    return standing(body)


def an_approval(state: str = "pending", **status: Any) -> Approval:
    body = bodies.an_approval("volume-resize-data-0", "volume-resize", NOW, state=state)
    meta = {"namespace": "shop", "creationTimestamp": AN_HOUR_AGO, "resourceVersion": "7"}
    body["metadata"] |= meta
    body["status"] |= status
    return approval(body)


@pytest.mark.parametrize("module", ["rules_standing"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"kubectl_kubervisor.{module}"))
    assert (failed, tried > 0) == (0, True)


def test_a_rules_line_tells_whether_it_is_followed_and_what_it_does() -> None:
    cells = dict(
        zip(shown.rule_headers(wide=True), shown.rule_row(a_rule(), NOW, wide=True), strict=True)
    )
    assert (cells["RULE"], cells["READY"], cells["REASON"]) == (
        "volume-resize",
        "True",
        "Following",
    )
    assert (cells["ACTIONS"], cells["AGE"]) == ("volume/resize", "60m")
    assert (cells["OBJECTS"], cells["TRIGGERED"], cells["ACTING"]) == ("2", "1", "0")
    assert cells["CONDITION"] == f"{bodies.USAGE} Gt 50"
    assert cells["APPROVAL"] == "-"
    needing = shown.rule_row(a_rule(enforcement="approvalRequired"), NOW, wide=True)
    assert needing[-2] == "required"
    assert shown.rule_row(a_rule(dryRun=True), NOW, wide=False)[2] == "DryRun"


def test_an_objects_line_tells_the_state_and_the_values() -> None:
    one = a_standing(bodies.awaiting(NOW, "volume-resize-data-0"))
    assert shown.object_row(one, NOW, wide=True, with_namespace=True) == [
        "shop",
        "volume-resize",
        "pvc/data-0",
        "ActionAwaitingApproval",
        "5m",
        "ApprovalNeeded",
        "57.2",
        "resize from 10Gi to 20Gi",
        "waits for ActionApproval volume-resize-data-0",
    ]


def test_the_originals_objects_are_read_by_their_history() -> None:
    passed = bodies.normal(NOW)["items"]
    one = a_standing({"items": [*passed, {"state": "Triggered", "message": "holds"}]})
    assert (one.state, one.message, one.since) == ("Triggered", "holds", "")


def test_an_approvals_line_tells_who_asks_for_what_and_how_long() -> None:
    assert shown.approval_row(an_approval(), NOW, with_namespace=True) == [
        "shop",
        "volume-resize-data-0",
        "volume-resize",
        "pending",
        "60m",
        "23h",
        "resize from 10Gi to 20Gi",
    ]
    over = shown.approval_row(an_approval(expiresAt=AN_HOUR_AGO), NOW, with_namespace=False)
    assert over[2:5] == ["expired", "60m", "-"]


def test_an_answer_is_given_to_a_preview_that_names_everything() -> None:
    assert shown.approval_details(an_approval(), NOW) == [
        ("Approval", "shop/volume-resize-data-0"),
        ("Asked by", "rule volume-resize"),
        ("Asked", "60m ago"),
        ("State", "pending"),
        ("Would do", "volume/resize (scalepercentage: 100): resize from 10Gi to 20Gi"),
        ("Involved", "PersistentVolumeClaim shop/data-0"),
        ("Expires", "in 23h"),
    ]


OBSTACLES = [
    pytest.param("canceled", {}, "approved", "it is canceled", id="canceled"),
    pytest.param("canceled", {}, "declined", "it is canceled", id="canceled, declining"),
    pytest.param("declined", {}, "approved", "once it is deleted", id="declined before"),
    pytest.param("pending", {"expiresAt": AN_HOUR_AGO}, "approved", "it has expired", id="expired"),
    pytest.param("pending", {"actionsDigest": ""}, "approved", "does not say yet", id="no digest"),
    pytest.param("pending", {"actionPreviews": []}, "approved", "does not say yet", id="unseen"),
    pytest.param("pending", {"actionsDigest": ""}, "declined", "", id="declining the unseen"),
    pytest.param("approved", {"expiresAt": AN_HOUR_AGO}, "declined", "", id="taking it back"),
    pytest.param("pending", {}, "approved", "", id="what is asked for"),
]


@pytest.mark.parametrize(("state", "status", "answer", "why"), OBSTACLES)
def test_what_cannot_be_answered_is_refused_in_a_sentence(
    state: str, status: bodies.Body, answer: str, why: str
) -> None:
    said = obstacle(an_approval(state, **status), answer, NOW)
    assert why in said
    assert bool(why) == bool(said)


def test_an_explanation_names_the_values_the_intent_and_what_a_person_can_do() -> None:
    one = a_standing(bodies.awaiting(NOW, "volume-resize-data-0"))
    assert explaining.verdict(one, NOW) == (
        "Rule volume-resize about PersistentVolumeClaim shop/data-0: ActionAwaitingApproval for "
        "5m, it waits for an approval."
    )
    assert explaining.reasons(one, an_approval(), NOW) == [
        ("Why", "ApprovalNeeded: waits for ActionApproval volume-resize-data-0"),
        ("Values", "57.2"),
        ("Condition", "has held for 5m45s without a break"),
        ("Would do", "volume/resize: resize from 10Gi to 20Gi"),
        ("Approval", "volume-resize-data-0, pending, expires in 23h"),
        ("You can", "kubectl kubervisor approve volume-resize-data-0 -n shop"),
        ("You can", "kubectl kubervisor decline volume-resize-data-0 -n shop"),
    ]
    assert [row[1] for row in shown.history_rows(one, NOW)] == [
        "ActionAwaitingApproval",
        "Triggered",
        "Normal",
    ]


def test_an_explanation_names_what_holds_it() -> None:
    told = dict(explaining.reasons(a_standing(bodies.declined(NOW)), an_approval("declined"), NOW))
    assert told["Not before"] == "5m from now"
    assert told["Acted"] == "20m ago"
    assert told["Tries"] == "2 failed"
    assert told["You can"].startswith("kubectl delete actionapproval volume-resize-data-0 -n shop")


def test_every_state_has_a_meaning() -> None:
    assert shown.SAID.keys() == {str(state) for state in State}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from([*bodies.awaiting(0, ""), *bodies.asked("", 0), "spec", "name"]), inner
        )
    ),
)


@given(JUNK, JUNK, JUNK)
def test_whatever_an_object_holds_a_line_can_be_printed(
    meta: object, spec: object, status: object
) -> None:
    body = {"metadata": meta, "spec": spec, "status": status}
    assert len(shown.rule_row(rule(body), NOW, wide=True)) == len(shown.rule_headers(wide=True))
    shown.rule_details(rule(body), NOW)
    row = shown.object_row(standing(body), NOW, wide=True, with_namespace=True)
    assert len(row) == len(shown.object_headers(wide=True, with_namespace=True))
    shown.approval_row(approval(body), NOW, with_namespace=True)
    shown.approval_details(approval(body), NOW)
    explaining.verdict(standing(body), NOW)
    explaining.reasons(standing(body), approval(body), NOW)


MISTAKES = [
    pytest.param(["rules", "dance"], 'unknown command "rules dance"', id="an unknown command"),
    pytest.param(["rules", "explain"], "rules explain needs an object", id="an object forgotten"),
    pytest.param(["rules", "status", "a", "b"], "too many arguments", id="a rule too many"),
    pytest.param(["rules", "status", "-A"], "unknown flag for rules status", id="no namespaces"),
    pytest.param(["rules", "status", "a", "-l", "b"], "not both", id="a name and labels"),
    pytest.param(["rules", "objects", "-w", "-o", "json"], "tables", id="a watch of documents"),
    pytest.param(["approvals", "-w", "-o", "yaml"], "tables", id="a watch of approvals"),
    pytest.param(["approve"], "approve needs a name", id="an approval forgotten"),
    pytest.param(
        ["decline", "a", "--dry-run=perhaps"], "invalid --dry-run", id="a dry run of ours"
    ),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES)
def test_wrong_usage_ends_with_2_before_kubectl_is_called(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True), err


def test_the_help_names_every_command_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["help", "rules"]) == 0
    said = capsys.readouterr().out
    assert all(f"rules {name}" in said or name == "status" for name in rules.COMMANDS)


def test_the_words_are_the_controllers() -> None:
    assert RulesSettings.lease_prefix == words.RULES_LEASE_PREFIX
    assert autopilot_rule_object.RULE_LABEL == RULE_LABEL
