"""Whoever asks for whatever: requests never take more than any ejection may."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.traffic.budget import cap_of, floor_of
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.plan import Action
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.requests import asked_pods, plan_requests
from tests.builders import NOW
from tests.properties.fleets import LARGEST, fleets, policies

chosen = st.frozensets(st.integers(0, LARGEST - 1), min_size=1)


@settings(max_examples=120, deadline=None)
@given(fleets, policies, chosen, st.sampled_from([NOW, NOW - 100, NOW - 1000, 0.0]))
def test_floors_caps_and_neighbours_hold_and_every_request_is_answered(
    fleet: Fleet, policy: ServicePolicy, chosen: frozenset[int], asked_at: float
) -> None:
    fleet = replace(
        fleet,
        pods=tuple(
            replace(pod, eject_requested_at=asked_at) if index in chosen else pod
            for index, pod in enumerate(fleet.pods)
        ),
    )
    before, asked = fleet, asked_pods(fleet)
    plan = plan_requests(fleet, policy, asked, NOW)
    answered = [intent.pod for intent in plan.intents] + [refused.pod for refused in plan.refused]
    assert sorted(pod.uid for pod in answered) == sorted(pod.uid for pod in asked)

    while (plan := plan_requests(fleet, policy, asked_pods(fleet), NOW)).intents:
        intent = plan.intents[0]
        assert intent.action is Action.EJECT
        assert fleet.is_serving(intent.pod)
        assert fleet.is_ours(intent.pod)
        assert abs(NOW - asked_at) <= 120
        uid = intent.pod.uid
        neighbours = tuple(replace(n, serving=n.serving - {uid}) for n in fleet.neighbours)
        fleet = replace(fleet, ejecting=fleet.ejecting | {uid}, neighbours=neighbours)

        floors = [floor_of(fleet.size, breaker, policy.budget) for breaker in policy.breakers]
        assert len(fleet.serving) >= max(floors) >= 1
        assert len(fleet.out) <= cap_of(fleet.size, policy.budget)
        for neighbour, whole in zip(fleet.neighbours, before.neighbours, strict=True):
            assert neighbour.serving or not whole.serving
