"""Whatever the fleet is: what returns, terminations and membership never do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.traffic.holds import hold_length, remaining_hold, retries_at_ejection
from kubervisor.traffic.membership import plan_membership
from kubervisor.traffic.model import Ejection, Fleet, Traffic
from kubervisor.traffic.plan import Action
from kubervisor.traffic.policy import ActivatorMode, ActivatorPolicy, ServicePolicy
from kubervisor.traffic.promql import reach
from kubervisor.traffic.returns import (
    activator_of,
    ejected_pods,
    plan_due_returns,
    plan_early_returns,
    plan_lost_returns,
)
from kubervisor.traffic.terminations import Circumstances, plan_terminations
from tests.builders import NOW, a_pod
from tests.properties.fleets import fleets, policies

many = settings(max_examples=100, deadline=None)
seconds = st.floats(-1e10, 1e10)


def confirmed(fleet: Fleet) -> Circumstances:
    return Circumstances(
        confirmed={(pod.uid, pod.ejection.id) for pod in fleet.pods if pod.ejection}
    )


@many
@given(fleets, st.integers(1, 14))
def test_early_returns_reach_the_floor_and_no_more(fleet: Fleet, floor: int) -> None:
    plan = plan_early_returns(fleet, floor, {})
    back = {intent.pod.uid for intent in plan.intents}

    assert all(i.pod.traffic is Traffic.NO and not i.pod.is_manual_hold for i in plan.intents)
    assert all(i.pod.ready and fleet.is_ours(i.pod) for i in plan.intents)
    coming = sum(pod.ready and pod.uid in fleet.returning for pod in fleet.pods)
    expected = len(fleet.serving) + coming + len(back)
    assert expected <= floor or not back
    left = [pod for pod in ejected_pods(fleet) if pod.ready and pod.uid not in back]
    assert expected >= floor or not left


@many
@given(fleets, policies, st.dictionaries(st.integers(0, 13), st.floats(-100, 100)))
def test_a_pod_returns_when_its_hold_is_over_and_not_before(
    fleet: Fleet, policy: ServicePolicy, holds: dict[int, float]
) -> None:
    pods = ejected_pods(fleet)
    left = {pod.uid: holds.get(index, 5.0) for index, pod in enumerate(pods)}

    plan = plan_due_returns(fleet, policy, left, ending=(), flagged={}, recent=())

    assert {i.pod.uid for i in plan.intents} == {uid for uid, s in left.items() if s <= 0}
    waiting = [s for s in left.values() if s > 0]
    assert plan.wake_in == min(waiting, default=None)


@many
@given(fleets, policies)
def test_terminations_are_one_at_a_time_and_pauses_within_their_places(
    fleet: Fleet, policy: ServicePolicy
) -> None:
    plan = plan_terminations(fleet, policy, confirmed(fleet))
    ended = [i.pod for i in plan.intents if i.action is Action.TERMINATE]
    paused = [i.pod for i in plan.intents if i.action is Action.PAUSE]

    assert len(ended) + len(paused) == len(plan.intents)
    assert len(ended) <= (0 if fleet.terminating or fleet.unreplaced else 1)
    places = max(activator_of(pod, policy).max_paused for pod in paused) if paused else 0
    assert not paused or places >= len(paused) + sum(p.traffic is Traffic.PAUSE for p in fleet.pods)
    for pod in (*ended, *paused):
        activator = activator_of(pod, policy)
        assert pod in ejected_pods(fleet)
        assert activator.mode is not ActivatorMode.PERIODIC
        assert pod.retries > activator.max_retries
    assert all(pod.owner is not None for pod in ended)


@many
@given(fleets, policies)
def test_nothing_is_ended_without_a_confirmation(fleet: Fleet, policy: ServicePolicy) -> None:
    assert plan_terminations(fleet, policy, Circumstances()).intents == ()


@many
@given(fleets, policies)
def test_every_plan_names_members_of_ours_each_once(fleet: Fleet, policy: ServicePolicy) -> None:
    left = {pod.uid: -1.0 for pod in ejected_pods(fleet)}
    due = plan_due_returns(fleet, policy, left, ending=(), flagged={}, recent=())
    plans = (
        plan_early_returns(fleet, 5, {}),
        due,
        plan_lost_returns(fleet),
        plan_terminations(fleet, policy, confirmed(fleet)),
    )
    for plan in plans:
        pods = [intent.pod for intent in plan.intents]
        assert all(pod in fleet.pods and fleet.is_ours(pod) for pod in pods)
        assert len({pod.uid for pod in pods}) == len(pods)
        assert not {pod.uid for pod in pods} & (fleet.returning | fleet.terminating)


@many
@given(fleets)
def test_adoption_is_done_once(fleet: Fleet) -> None:
    plan = plan_membership(fleet, fleet.pods, others={"another"})
    adopted = {intent.pod.uid for intent in plan.intents}
    labelled = tuple(
        replace(p, claimed_by=fleet.key.name, traffic=p.traffic or Traffic.YES)
        if p.uid in adopted
        else p
        for p in fleet.pods
    )

    assert all(intent.action is Action.ADOPT for intent in plan.intents)
    assert (
        plan_membership(replace(fleet, pods=labelled), labelled, others={"another"}).intents == ()
    )


activators = st.builds(
    ActivatorPolicy,
    mode=st.sampled_from(ActivatorMode),
    period=st.floats(0.01, 1e7),
    max_period=st.none() | st.floats(0.01, 1e8),
    jitter_percent=st.floats(0, 100),
)


@many
@given(activators, st.integers(-5, 10**9), st.text(max_size=5))
def test_a_hold_is_positive_and_at_most_its_cap_and_jitter(
    activator: ActivatorPolicy, retries: int, seed: str
) -> None:
    length = hold_length(activator, retries, seed=seed)
    cap = activator.max_period or activator.period * max(1, retries)

    assert 0 < length <= cap * (1 + activator.jitter_percent / 100) * (1 + 1e-9)


@many
@given(st.none() | seconds, st.none() | seconds, st.floats(0, 1e8), seconds)
def test_no_clock_holds_longer_than_configured(
    at: float | None, until: float | None, length: float, now: float
) -> None:
    assert 0 <= remaining_hold(Ejection("id", "errors", at, until), length, now) <= length


@many
@given(st.integers(0, 100), st.none() | seconds, seconds)
def test_an_ejection_adds_at_most_one_retry(
    retries: int, returned: float | None, now: float
) -> None:
    pod = replace(a_pod(), retries=retries, returned_at=returned)

    assert 1 <= retries_at_ejection(pod, now) <= retries + 1


@many
@given(st.text(alphabet="[]0123456789.smhd: \"'`#\\\n", max_size=80))
def test_any_text_has_some_reach(promql: str) -> None:
    assert reach(promql) >= 0
    assert NOW - reach(promql) <= NOW
