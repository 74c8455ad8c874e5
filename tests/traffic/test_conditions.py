"""The original's counts, the conditions, and the sentence that says why too few serve."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubervisor.traffic.conditions import (
    Condition,
    PodCount,
    Standing,
    conditions_for,
    count_pods,
    describe_below_floor,
)
from kubervisor.traffic.reasons import Reason
from tests.builders import a_fleet, a_pod, fleet_of


def test_the_original_table_of_counts() -> None:
    pods = (
        a_pod("A"),
        a_pod("B"),
        a_pod("C").pending(),
        a_pod("D").not_ready().paused(),
        a_pod("E").ejected(),
        a_pod("P").paused(),
        replace(a_pod("A-again"), traffic=None),
    )

    # The original's A was replaced in its store by a pod of the same name; here both are counted.
    assert count_pods(pods) == PodCount(managed=5, ejected=1, paused=1, unknown=1)


def test_pods_being_deleted_are_not_counted() -> None:
    assert count_pods([replace(a_pod(), deleting=True)]) == PodCount(0, 0, 0, 0)


def standing(**facts: Any) -> Standing:
    return Standing(
        **{
            "ready": True,
            "reason": Reason.GUARDING,
            "message": "Guarding 10 pods",
            "active": True,
            "evaluated": True,
            **facts,
        }
    )


def by_type(**facts: Any) -> dict[str, Condition]:
    return {condition.type: condition for condition in conditions_for(standing(**facts))}


def true_ones(**facts: Any) -> set[str]:
    return {name for name, condition in by_type(**facts).items() if condition.status == "True"}


def test_a_guarded_service_is_ready_active_running_and_its_sources_answer() -> None:
    assert true_ones() == {"Ready", "Active", "Running", "SourcesAvailable"}


FACTS = [
    pytest.param({"panicking": ("errors",)}, "Panicking", "Panicking", "errors", id="panic"),
    pytest.param(
        {"exhausted": {"errors": "pricer-00: 2 of 3 serving"}},
        "BudgetExhausted",
        "BudgetExhausted",
        "errors: pricer-00: 2 of 3 serving",
        id="the budget refused",
    ),
    pytest.param({"below_floor": "1 of 3 serve"}, "BelowFloor", "BelowFloor", "1 of 3", id="floor"),
    pytest.param(
        {"version_outlier": "7d9"}, "VersionOutlier", "VersionOutlier", "7d9", id="a version"
    ),
    pytest.param(
        {"lost_pods": "let go"},
        "WorkloadSelectsTraffic",
        "WorkloadSelectsTraffic",
        "let go",
        id="the workload lost pods",
    ),
    pytest.param({"dry_run": True}, "DryRun", "DryRun", "writes nothing", id="dry run"),
    pytest.param({"held": True}, "Paused", "PauseAnnotation", "stand still", id="pause"),
]


@pytest.mark.parametrize(("facts", "kind", "reason", "said"), FACTS)
def test_each_fact_is_one_condition(
    facts: dict[str, Any], kind: str, reason: str, said: str
) -> None:
    condition = by_type(**facts)[kind]

    assert (condition.status, condition.reason) == ("True", reason)
    assert said in condition.message
    assert true_ones(**facts) == true_ones() | {kind}
    otherwise = by_type()[kind]
    assert otherwise.status == "False"
    assert otherwise.reason not in ("", reason)
    assert said not in otherwise.message


def test_the_same_conditions_are_always_there_each_once() -> None:
    kinds = [condition.type for condition in conditions_for(standing())]
    others = [c.type for c in conditions_for(standing(spec_valid=False, held=True, active=False))]

    assert kinds == others
    assert len(set(kinds)) == len(kinds)


def test_every_reason_is_a_camel_case_word() -> None:
    for facts in ({}, {"spec_valid": False}, {"service_found": False}, {"evaluated": False}):
        for condition in conditions_for(standing(**facts)):
            assert condition.reason[:1].isupper(), condition
            assert condition.reason.isalnum(), condition


@pytest.mark.parametrize(
    ("facts", "status", "reason", "said"),
    [
        pytest.param({}, "True", "SourceAnswers", "", id="they answer"),
        pytest.param(
            {"evaluated": False}, "Unknown", "NotEvaluated", "No eval", id="not yet asked"
        ),
        pytest.param(
            {"no_samples": frozenset({"b", "a"})}, "True", "NoSamples", "for a, b", id="no samples"
        ),
        pytest.param(
            {"problems": {"b": ("SourceTimeout", "late"), "a": ("SourceRejected", "400")}},
            "False",
            "SourceRejected",
            "a: 400; b: late",
            id="two do not",
        ),
        pytest.param(
            {"evaluated": False, "problems": {"a": ("SourceTimeout", "late")}},
            "False",
            "SourceTimeout",
            "a: late",
            id="the first answer is a failure",
        ),
    ],
)
def test_sources(facts: dict[str, Any], status: str, reason: str, said: str) -> None:
    condition = by_type(**facts)["SourcesAvailable"]

    assert (condition.status, condition.reason) == (status, reason)
    assert said in condition.message


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"active": True}, "True"),
        ({"active": False}, "False"),
        ({"active": False, "service_found": False}, "Unknown"),
        ({"active": False, "spec_valid": False}, "Unknown"),
    ],
)
def test_active(facts: dict[str, Any], status: str) -> None:
    assert by_type(**facts)["Active"].status == status


@pytest.mark.parametrize(
    ("facts", "the_true_one"),
    [
        pytest.param({}, "Running", id="running"),
        pytest.param({"service_found": False}, "ServiceNotAvailable", id="no Service"),
        pytest.param({"spec_valid": False}, "InitFailed", id="an invalid spec"),
        pytest.param({"spec_valid": False, "service_found": False}, "InitFailed", id="both"),
    ],
)
def test_one_of_the_originals_three_conditions_is_true(
    facts: dict[str, Any], the_true_one: str
) -> None:
    facts = {"ready": False, "reason": Reason.SPEC_INVALID, "message": "spec.service: …", **facts}
    original = {"Running", "ServiceNotAvailable", "InitFailed"}

    assert true_ones(**facts) & original == {the_true_one}


class TestBelowFloor:
    """The sentence names what is out and not ours to return."""

    def test_nothing_to_say_at_the_floor(self) -> None:
        assert describe_below_floor(a_fleet(3).with_paused(), floor=2) == ""

    def test_nothing_to_say_of_an_empty_fleet(self) -> None:
        assert describe_below_floor(fleet_of(), floor=1) == ""

    def test_paused_and_held_pods_are_named(self) -> None:
        fleet = a_fleet(5).with_paused(2).with_manual_holds().with_not_ready()

        assert describe_below_floor(fleet, floor=3) == (
            "1 of 5 pods serve, the floor is 3; paused: pricer-03, pricer-04; "
            "held by hand: pricer-02; 1 not Ready"
        )

    def test_long_lists_are_cut(self) -> None:
        said = describe_below_floor(a_fleet(8).with_paused(7), floor=4)

        assert said.endswith("pricer-05 and 2 more")
