"""Who gets traffic back: holds that are over, staggers, postponements, lost pods."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import pytest

from kubervisor.traffic.holds import hold_length, remaining_hold
from kubervisor.traffic.model import Fleet, Pod, Traffic
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.returns import (
    activator_of,
    ejected_pods,
    plan_due_returns,
    plan_hand_returns,
    plan_lost_returns,
    plan_return_of_all,
)
from tests.builders import (
    NOW,
    PodDraft,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    an_activator,
    fleet_of,
    names,
)


def due(
    fleet: Fleet,
    policy: ServicePolicy | None = None,
    *,
    ending: Collection[Pod] = (),
    flagged: Mapping[str, float] | None = None,
    recent: Iterable[float] = (),
) -> Plan:
    """The returns due at NOW, every hold seen for the first time."""
    policy = policy or a_policy()
    remaining = {}
    for pod in ejected_pods(fleet):
        assert pod.ejection is not None
        length = hold_length(activator_of(pod, policy), pod.retries, seed=pod.uid)
        remaining[pod.uid] = remaining_hold(pod.ejection, length, NOW)
    return plan_due_returns(
        fleet,
        policy,
        remaining,
        ending={pod.uid for pod in ending},
        flagged={pod.uid: flagged[pod.name] for pod in fleet.pods if pod.name in (flagged or {})}
        if flagged
        else {},
        recent=recent,
    )


PERIODIC, KILL, PAUSE = "periodic", "retryAndKill", "retryAndPause"


@pytest.mark.parametrize(
    ("mode", "pod", "returns"),
    [
        pytest.param(PERIODIC, a_pod().ejected(at=NOW - 11), True, id="periodic, period over"),
        pytest.param(PERIODIC, a_pod().ejected(at=NOW - 9), False, id="periodic, 9 of 10 s"),
        pytest.param(PERIODIC, a_pod().ejected(at=NOW - 9, retries=9), False, id="retries ignored"),
        pytest.param(PERIODIC, a_pod().ejected(at=-6e8), True, id="periodic, breakAt long ago"),
        pytest.param(
            PERIODIC, a_pod().ejected(at=NOW + 1e9), False, id="periodic, breakAt in 2078"
        ),
        pytest.param(
            PERIODIC,
            a_pod().ejected(at=None),
            False,
            id="unreadable breakAt (deviation: counts from now instead of an error)",
        ),
        pytest.param(
            KILL, a_pod().ejected(at=NOW - 21, retries=2), True, id="kill, c=2 after 2 periods"
        ),
        pytest.param(
            KILL, a_pod().ejected(at=NOW - 19, retries=2), False, id="kill, c=2 before that"
        ),
        pytest.param(
            PAUSE, a_pod().ejected(at=NOW - 21, retries=2), True, id="pause, c=2 after 2 periods"
        ),
        pytest.param(
            PAUSE, a_pod().ejected(at=NOW - 19, retries=2), False, id="pause, c=2 before that"
        ),
    ],
)
def test_the_original_table_of_activator_strategies(mode: str, pod: Pod, returns: bool) -> None:
    policy = a_policy(activator=an_activator(mode, period=10, max_retries=3))

    assert bool(due(fleet_of(pod), policy).intents) is returns


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(a_pod(), id="yes"),
        pytest.param(a_pod().paused(), id="pause"),
        pytest.param(a_pod().unlabelled(), id="unlabelled"),
        pytest.param(a_pod().held_by_hand(), id="held out by hand"),
        pytest.param(a_pod().held_by_hand(Traffic.PAUSE), id="paused by hand"),
        pytest.param(a_pod().ejected(at=0).claimed("other"), id="another KubervisorService's"),
    ],
)
def test_only_pods_that_we_have_out_are_offered(pod: Pod) -> None:
    assert due(fleet_of(pod, a_pod("x").ejected(at=0))).intents[0].pod.name == "x"
    assert names(due(fleet_of(pod))) == []


@pytest.mark.parametrize("write", [Action.RETURN, Action.TERMINATE])
def test_a_pod_with_an_unconfirmed_write_is_left_alone(write: Action) -> None:
    assert due(fleet_of(a_pod("x").ejected(at=0)).with_unconfirmed(write, "x")).intents == ()


def test_a_pod_that_is_not_ready_returns_in_time_too() -> None:
    assert names(due(fleet_of(a_pod("x").ejected(at=0).not_ready()))) == ["x"]


def test_the_longest_due_returns_first() -> None:
    fleet = fleet_of(a_pod("a"), a_pod("b"), a_pod("c"))
    fleet = fleet_of(*(pod.ejected() for pod in fleet.pods if isinstance(pod, PodDraft)))
    left = dict(zip([pod.uid for pod in fleet.pods], [-1.0, -9.0, 4.0], strict=True))

    plan = plan_due_returns(fleet, a_policy(), left, ending=(), flagged={}, recent=())

    assert names(plan) == ["b", "a"]
    assert {intent.reason for intent in plan.intents} == {Reason.HOLD_ELAPSED}
    assert plan.wake_in == 4.0


def test_a_pod_about_to_be_terminated_or_paused_is_not_returned() -> None:
    pod = a_pod("x").ejected(at=0)

    assert due(fleet_of(pod), ending=[pod]).intents == ()


def test_the_breakers_own_activator_is_the_only_one_for_its_pods() -> None:
    patient = a_breaker("patient", activator=an_activator(period=600))
    fleet = fleet_of(
        a_pod("a").ejected(by="patient", at=NOW - 60), a_pod("b").ejected(by="gone", at=NOW - 60)
    )

    assert names(due(fleet, a_policy(patient))) == ["b"]


class TestStagger:
    """max(1, 10 % of the members) per `return_stagger` seconds; off for original specs."""

    POLICY = a_policy(activator=an_activator(return_stagger=10))

    def fleet(self, size: int) -> Fleet:
        return fleet_of(*(a_pod(f"p{index:03}").ejected(at=0) for index in range(size)))

    @pytest.mark.parametrize(("size", "at_once"), [(3, 1), (10, 1), (19, 1), (20, 2), (100, 10)])
    def test_so_many_at_once(self, size: int, at_once: int) -> None:
        assert len(due(self.fleet(size), self.POLICY).intents) == at_once

    def test_recent_returns_count(self) -> None:
        fleet = self.fleet(20)

        assert len(due(fleet, self.POLICY, recent=[9.9]).intents) == 1
        assert len(due(fleet, self.POLICY, recent=[9.9, 0]).intents) == 0
        assert len(due(fleet, self.POLICY, recent=[10, 11]).intents) == 2

    def test_those_that_wait_are_looked_at_soon(self) -> None:
        assert due(self.fleet(10), self.POLICY).wake_in == 1.0

    def test_without_it_all_return_at_once(self) -> None:
        assert len(due(self.fleet(10), recent=[0, 0, 0]).intents) == 10


class TestPostponement:
    """Evidence that needs no traffic and still flags the pod: up to maxPeriod."""

    POLICY = a_policy(activator=an_activator(period=10, max_period=60))
    FLEET = fleet_of(a_pod("x").ejected(at=0), a_pod("y").ejected(at=0))

    def test_a_flagged_pod_waits(self) -> None:
        plan = due(self.FLEET, self.POLICY, flagged={"x": 59})

        assert names(plan) == ["y"]
        assert plan.wake_in == 1.0

    def test_up_to_the_longest_period(self) -> None:
        assert names(due(self.FLEET, self.POLICY, flagged={"x": 60})) == ["x", "y"]

    def test_without_a_longest_period_it_returns_in_time(self) -> None:
        assert names(due(self.FLEET, flagged={"x": 1})) == ["x", "y"]


class TestLostPods:
    """A pod that lost its controller after its ejection: the workload selects on our key."""

    @pytest.mark.parametrize(
        ("pod", "is_lost"),
        [
            pytest.param(a_pod("x").ejected(), False, id="the same controller"),
            pytest.param(a_pod("x").ejected().bare(), True, id="no controller any more"),
            pytest.param(
                a_pod("x").ejected().owned_by("ReplicaSet"), True, id="another controller"
            ),
            pytest.param(a_pod("x").bare().ejected(), False, id="it never had one"),
            pytest.param(a_pod("x").ejected().claimed("other").bare(), False, id="another's pod"),
        ],
    )
    def test_it_is_returned(self, pod: Pod, is_lost: bool) -> None:
        plan = plan_lost_returns(fleet_of(pod))

        assert bool(plan.intents) is is_lost
        assert {i.reason for i in plan.intents} <= {Reason.WORKLOAD_SELECTS_TRAFFIC}


class TestReturnByHand:
    """A pod whose label a person set to `yes` is cleared of its ejection."""

    BACK = replace(a_pod("x"), returned_by_hand=True)

    def test_what_the_ejection_left_is_cleared(self) -> None:
        (intent,) = plan_hand_returns(fleet_of(self.BACK, a_pod("y"))).intents

        assert (intent.pod.name, intent.reason) == ("x", Reason.BY_HAND)

    @pytest.mark.parametrize("write", [Action.RETURN, Action.EJECT])
    def test_but_not_twice(self, write: Action) -> None:
        assert plan_hand_returns(fleet_of(self.BACK).with_unconfirmed(write, "x")) == Plan()

    def test_nor_on_anothers_pod(self) -> None:
        assert plan_hand_returns(fleet_of(self.BACK.claimed("other"))) == Plan()


def test_giving_everything_back_includes_paused_and_hand_held_pods() -> None:
    fleet = a_fleet(5).with_ejected().with_paused().with_manual_holds()

    plan = plan_return_of_all(fleet.pods, Reason.SELECTOR_WITHOUT_TRAFFIC, "inactive")

    assert names(plan) == ["pricer-02", "pricer-03", "pricer-04"]
