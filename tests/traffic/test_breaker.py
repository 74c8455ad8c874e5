"""Whom a breaker ejects: the original's table of Breaker.Run, the order, who is no candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.model import Fleet, Neighbour, Pod, PodUid
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.verdict import Verdict
from tests.builders import (
    NOW,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    a_verdict,
    an_activator,
    fleet_of,
    names,
    reasons,
)


def eject(
    fleet: Fleet,
    verdict: Verdict,
    breaker: BreakerPolicy | None = None,
    policy: ServicePolicy | None = None,
) -> Plan:
    """The plan of a breaker for which this verdict is the first."""
    breaker = breaker or a_breaker()
    memory = remember(Memory(), verdict, steps=breaker.matches.of)
    return plan_ejections(fleet, verdict, breaker, policy or a_policy(breaker), memory, now=NOW)


# The original's pods: A and B serve; C does not run, D is not Ready; E and N are out, E not Ready.
ORIGINAL = fleet_of(
    a_pod("A"),
    a_pod("B"),
    a_pod("C").pending(),
    a_pod("D").not_ready(),
    a_pod("E").ejected().not_ready(),
    a_pod("N").ejected(),
)


@pytest.mark.parametrize(
    ("breaker", "outliers", "ejected"),
    [
        pytest.param(a_breaker(count=1), ["A"], ["A"], id="count 1, A is an outlier: A"),
        pytest.param(
            a_breaker(count=0, ratio=0),
            ["A", "B"],
            ["A"],
            id="count 0, ratio 0, both (deviation: the floor is at least 1): A",
        ),
        pytest.param(a_breaker(count=10), ["A", "B"], [], id="count 10: none"),
        pytest.param(a_breaker(count=0), ["A"], ["A"], id="count 0, A is an outlier: only A"),
        pytest.param(a_breaker(count=1), ["A", "B"], ["A"], id="count 1, both: only the first"),
        pytest.param(a_breaker(count=1), [], [], id="no outliers: none"),
        pytest.param(
            a_breaker(count=1), ["C", "D", "E", "N"], [], id="outliers that do not serve: none"
        ),
        pytest.param(
            a_breaker(ratio=50),
            ["A"],
            [],
            id="ratio 50 (deviation: of all 6 members, not of the 2 that serve): none",
        ),
    ],
)
def test_the_original_table(
    breaker: BreakerPolicy, outliers: list[str], ejected: list[str]
) -> None:
    assert names(eject(ORIGINAL, a_verdict(ORIGINAL, outliers), breaker)) == ejected


def test_the_worst_go_first() -> None:
    fleet = a_fleet(4)
    verdict = a_verdict(fleet, {"pricer-00": 1.0, "pricer-01": 9.0, "pricer-02": 5.0})

    assert names(eject(fleet, verdict, a_breaker(count=2))) == ["pricer-01", "pricer-02"]


def test_equal_scores_keep_the_order_in_which_a_custom_detector_named_them() -> None:
    fleet = a_fleet(5)
    verdict = a_verdict(fleet, ["pricer-03", "pricer-00", "pricer-04"])

    assert names(eject(fleet, verdict)) == ["pricer-03", "pricer-00", "pricer-04"]


def test_an_outlier_unknown_to_the_fleet_is_nobody() -> None:
    fleet = a_fleet(3)
    elsewhere = a_verdict(fleet_of(a_pod("stranger")), ["stranger"])

    plan = eject(fleet, elsewhere)

    assert plan.intents == ()
    assert plan.refused == ()


@pytest.mark.parametrize(
    ("pod", "is_candidate"),
    [
        pytest.param(a_pod("x"), True, id="labelled for us"),
        pytest.param(a_pod("x").claimed(None), True, id="labelled for nobody yet"),
        pytest.param(a_pod("x").claimed("other"), False, id="labelled for another"),
        pytest.param(a_pod("x").unlabelled(), False, id="without a traffic label: not serving"),
        pytest.param(a_pod("x").held_by_hand(), False, id="held out by hand"),
    ],
)
def test_only_serving_pods_of_ours_are_candidates(pod: Pod, is_candidate: bool) -> None:
    fleet = fleet_of(*a_fleet(4).pods, pod)

    assert names(eject(fleet, a_verdict(fleet, ["x"]))) == (["x"] if is_candidate else [])


@pytest.mark.parametrize("write", [Action.EJECT, Action.TERMINATE])
def test_a_pod_with_an_unconfirmed_write_against_it_is_not_ejected_again(write: Action) -> None:
    fleet = a_fleet(4).with_unconfirmed(write, "pricer-00")

    assert names(eject(fleet, a_verdict(fleet, ["pricer-00"]))) == []


def test_an_intent_carries_its_evidence_its_hold_and_its_retries() -> None:
    breaker = a_breaker(activator=an_activator("retryAndKill", period=15))
    fleet = fleet_of(a_pod("again").returned(NOW - 60, retries=2), a_pod("other"))

    (intent,) = eject(fleet, a_verdict(fleet, ["again"]), breaker).intents

    assert intent.action is Action.EJECT
    assert intent.breaker == breaker.name
    assert intent.evidence == "again scores 1"
    assert (intent.retries, intent.hold) == (3, 45)


def test_a_refusal_says_the_numbers_of_the_budget_and_names_the_paused_pod() -> None:
    fleet = a_fleet(3).with_paused()

    (refusal,) = eject(fleet, a_verdict(fleet, ["pricer-00"]), a_breaker(ratio=50)).refused

    assert (
        refusal.note
        == "pricer-00 scores 1; 2 of 3 serving, floor 2: may eject 0; paused: pricer-02"
    )


class TestSharedPods:
    """A pod that also backs another Service is ejected only if that Service keeps one serving."""

    def neighbour(self, *pods: str) -> Neighbour:
        return Neighbour("checkout", frozenset(PodUid(f"uid-of-{name}") for name in pods))

    def test_the_last_serving_pod_of_a_neighbour_stays(self) -> None:
        fleet = replace(a_fleet(4), neighbours=(self.neighbour("pricer-00"),))

        plan = eject(fleet, a_verdict(fleet, ["pricer-00", "pricer-01"]))

        assert names(plan) == ["pricer-01"]
        assert reasons(plan) == {"pricer-00": "SharedPod"}

    def test_one_plan_does_not_take_all_that_a_neighbour_has(self) -> None:
        fleet = replace(a_fleet(5), neighbours=(self.neighbour("pricer-00", "pricer-01"),))

        plan = eject(fleet, a_verdict(fleet, ["pricer-00", "pricer-01", "pricer-02"]))

        assert names(plan) == ["pricer-00", "pricer-02"]
        assert reasons(plan) == {"pricer-01": "SharedPod"}

    def test_a_neighbour_with_other_pods_does_not_mind(self) -> None:
        fleet = replace(a_fleet(4), neighbours=(self.neighbour("pricer-00", "its-own"),))

        assert names(eject(fleet, a_verdict(fleet, ["pricer-00"]))) == ["pricer-00"]

    def test_a_neighbour_that_has_nothing_left_does_not_mind_other_pods(self) -> None:
        fleet = replace(a_fleet(4), neighbours=(self.neighbour(),))

        assert names(eject(fleet, a_verdict(fleet, ["pricer-00"]))) == ["pricer-00"]


def test_a_step_with_nothing_to_judge_changes_nothing() -> None:
    fleet = a_fleet(3)

    plan = eject(fleet, Verdict(a_breaker().name, NOW, 0.0, ()))

    assert plan == Plan()
