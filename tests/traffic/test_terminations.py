"""What becomes of pods that never recover: paused, terminated, deferred, or on timed return."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import ActivatorPolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.terminations import Circumstances, plan_terminations
from tests.builders import (
    BREAKER,
    PodDraft,
    a_fleet,
    a_pod,
    a_policy,
    an_activator,
    fleet_of,
    names,
    reasons,
)

KILL = an_activator("retryAndKill", max_retries=3, max_paused=1)
PAUSE = an_activator("retryAndPause", max_retries=3, max_paused=1)


def given_up(name: str = "x") -> PodDraft:
    """A pod ejected for the fourth time in a row, with three retries allowed."""
    return a_pod(name).ejected(retries=4)


def end(fleet: Fleet, activator: ActivatorPolicy = KILL, **circumstances: Any) -> Plan:
    """The plan where every ejection is confirmed, unless `circumstances` say otherwise."""
    confirmed = {(pod.uid, pod.ejection.id) for pod in fleet.pods if pod.ejection}
    known = Circumstances(**{"confirmed": confirmed, **circumstances})
    return plan_terminations(fleet, a_policy(activator=activator), known)


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(intent.pod.name, intent.action.value) for intent in plan.intents]


@pytest.mark.parametrize(
    ("activator", "retries", "action"),
    [
        pytest.param(an_activator(max_retries=0), 9, None, id="periodic: never"),
        pytest.param(KILL, 2, None, id="kill, max 3, c=2: not yet"),
        pytest.param(KILL, 3, None, id="kill, max 3, c=3: not yet"),
        pytest.param(KILL, 4, Action.TERMINATE, id="kill, max 3, c=4: terminate"),
        pytest.param(
            an_activator("retryAndKill", max_retries=0),
            1,
            Action.TERMINATE,
            id="kill, max 0: at the first ejection",
        ),
        pytest.param(PAUSE, 2, None, id="pause, max 3, c=2: not yet"),
        pytest.param(PAUSE, 4, Action.PAUSE, id="pause, c=4, 0 of 1 paused: pause"),
        pytest.param(
            an_activator("retryAndPause", max_paused=0),
            4,
            Action.TERMINATE,
            id="pause, c=4, maxPause 0: terminate",
        ),
    ],
)
def test_the_original_table(
    activator: ActivatorPolicy, retries: int, action: Action | None
) -> None:
    plan = end(fleet_of(a_pod("x").ejected(retries=retries)), activator)

    assert [intent.action for intent in plan.intents] == ([action] if action else [])
    assert {intent.reason for intent in plan.intents} <= {Reason.RETRIES_EXHAUSTED}


def test_no_room_to_pause_terminates() -> None:
    fleet = fleet_of(given_up("x"), a_pod("y").paused())

    assert actions(end(fleet, PAUSE)) == [("x", "terminate")]


def test_a_hand_made_pause_takes_a_place_too() -> None:
    fleet = fleet_of(given_up("x"), replace(a_pod("y").paused(), ejection=None))

    assert actions(end(fleet, PAUSE)) == [("x", "terminate")]


def test_one_plan_does_not_pause_more_than_there_is_room() -> None:
    fleet = fleet_of(given_up("x"), given_up("y"), given_up("z"))
    two = an_activator("retryAndPause", max_paused=2)

    assert actions(end(fleet, two)) == [("x", "pause"), ("y", "pause"), ("z", "terminate")]


class TestAPauseThatTheWatchHasNotShown:
    """The pod still looks ejected."""

    def test_it_is_neither_paused_again_nor_terminated(self) -> None:
        fleet = fleet_of(given_up("x"))

        assert end(fleet, PAUSE, pausing=fleet.uids("x")) == Plan()

    def test_it_takes_its_place(self) -> None:
        fleet = fleet_of(given_up("x"), given_up("y"))

        assert actions(end(fleet, PAUSE, pausing=fleet.uids("x"))) == [("y", "terminate")]

    def test_it_takes_only_one_place_once_shown(self) -> None:
        fleet = fleet_of(a_pod("x").paused(), given_up("y"))
        two = an_activator("retryAndPause", max_paused=2)

        assert actions(end(fleet, two, pausing=fleet.uids("x"))) == [("y", "pause")]


@pytest.mark.parametrize(
    "kind", ["ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"]
)
def test_a_pod_that_its_controller_replaces_is_terminated(kind: str) -> None:
    assert actions(end(fleet_of(given_up().owned_by(kind)))) == [("x", "terminate")]


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(given_up().bare(), id="bare"),
        pytest.param(given_up().owned_by("Job"), id="of a Job"),
    ],
)
class TestAPodThatNobodyReplaces:
    """It is paused where there is room, else it stays on timed return."""

    def test_with_room_it_is_paused(self, pod: Pod) -> None:
        assert actions(end(fleet_of(pod))) == [("x", "pause")]

    def test_without_room_nothing_happens_to_it(self, pod: Pod) -> None:
        assert end(fleet_of(pod, a_pod("y").paused())) == Plan()

    def test_it_does_not_use_up_the_one_termination(self, pod: Pod) -> None:
        fleet = fleet_of(pod, given_up("y"))

        assert actions(end(fleet)) == [("x", "pause"), ("y", "terminate")]


class TestOneTerminationAtATime:
    """One terminated pod without a replacement per Service."""

    def test_one_plan_terminates_one(self) -> None:
        plan = end(fleet_of(given_up("x"), given_up("y")))

        assert actions(plan) == [("x", "terminate")]
        assert reasons(plan) == {"y": "TerminationDeferred"}
        assert plan.refused[0].note == (
            "another terminated pod of the Service has no replacement yet"
        )

    def test_the_next_waits_for_the_replacement(self) -> None:
        assert end(replace(fleet_of(given_up("x")), unreplaced=1)).intents == ()

    def test_the_next_waits_for_an_unconfirmed_termination(self) -> None:
        fleet = fleet_of(given_up("x"), given_up("y"))

        plan = end(replace(fleet, terminating=fleet.uids("y")))

        assert plan.intents == ()
        assert reasons(plan) == {"x": "TerminationDeferred"}

    def test_it_does_not_keep_a_pod_from_being_paused(self) -> None:
        assert actions(end(replace(fleet_of(given_up()), unreplaced=1), PAUSE)) == [("x", "pause")]


@pytest.mark.parametrize("activator", [KILL, PAUSE], ids=["kill", "pause"])
@pytest.mark.parametrize(
    ("circumstances", "why"),
    [
        pytest.param(
            {"below_floor": True}, "fewer pods serve than the floor", id="below the floor"
        ),
        pytest.param({"panicking": [BREAKER]}, "breaker errors is panicking", id="panicking"),
        pytest.param(
            {"blind": [BREAKER]}, "the source of breaker errors does not answer", id="source down"
        ),
        pytest.param(
            {"confirmed": ()},
            "no evaluation since the controller started has confirmed the ejection",
            id="not confirmed since a restart",
        ),
        pytest.param(
            {"confirmed": [(a_pod("y").uid, "ejection-of-x")]},
            "no evaluation since the controller started has confirmed the ejection",
            id="the same id was confirmed for another pod",
        ),
    ],
)
def test_a_termination_is_deferred(
    activator: ActivatorPolicy, circumstances: dict[str, Any], why: str
) -> None:
    plan = end(fleet_of(given_up()), activator, **circumstances)

    assert plan.intents == ()
    (refusal,) = plan.refused
    assert (refusal.reason, refusal.note) == (Reason.TERMINATION_DEFERRED, why)


@pytest.mark.parametrize("where", ["panicking", "blind"])
def test_trouble_of_another_breaker_does_not_defer(where: str) -> None:
    circumstances: dict[str, Any] = {where: ["latency"]}

    assert names(end(fleet_of(given_up()), **circumstances)) == ["x"]


def test_a_pod_that_a_disruption_budget_protects_is_deferred() -> None:
    fleet = fleet_of(given_up("x"), given_up("y"))

    plan = end(fleet, protected=fleet.uids("x"))

    assert actions(plan) == [("y", "terminate")]
    assert plan.refused[0].note == "a PodDisruptionBudget refuses its eviction"


class TestStatefulSets:
    """No termination while a sibling is not Ready: quorums."""

    def test_a_sibling_that_is_not_ready_defers(self) -> None:
        fleet = fleet_of(
            given_up("db-0").owned_by("StatefulSet"),
            a_pod("db-1").owned_by("StatefulSet").not_ready(),
        )

        plan = end(fleet)

        assert plan.intents == ()
        assert plan.refused[0].note == "StatefulSet sibling db-1 is not Ready"

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param(a_pod("db-1").owned_by("StatefulSet"), id="a Ready sibling"),
            pytest.param(
                a_pod("db-1").owned_by("StatefulSet", "other").not_ready(),
                id="a pod of another StatefulSet",
            ),
            pytest.param(a_pod("db-1").not_ready(), id="a pod of a ReplicaSet"),
        ],
    )
    def test_nobody_else_does(self, other: Pod) -> None:
        assert names(end(fleet_of(given_up("db-0").owned_by("StatefulSet"), other))) == ["db-0"]


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(a_pod("x"), id="serving"),
        pytest.param(replace(given_up(), ejection=None), id="held by hand"),
        pytest.param(a_pod("x").paused(), id="paused"),
        pytest.param(given_up().claimed("other"), id="another KubervisorService's"),
    ],
)
def test_only_pods_that_we_have_out_are_ended(pod: Pod) -> None:
    assert end(fleet_of(pod, *a_fleet(2).pods)) == Plan()
