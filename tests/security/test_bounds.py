"""What an administrator allows wins over what a specification asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.policy import to_policy
from kubervisor.traffic.bounds import Bounds, bounded, describe_bounds
from kubervisor.traffic.budget import floor_of
from kubervisor.traffic.plan import Action
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.terminations import _wish
from tests.builders import a_pod

TIGHT = Bounds(floor_percent=50, shortest_period=5.0, allow_termination=False)


def policy(*breakers: dict[str, Any], **spec: Any) -> ServicePolicy:
    made = [{"name": f"b{n}", "customService": "a.b", **b} for n, b in enumerate(breakers or [{}])]
    return to_policy({"service": "shop", "breakers": made, **spec})


def test_a_spec_within_the_bounds_is_left_as_it_is() -> None:
    asked = policy({"evaluationPeriod": 5, "minPodsAvailableRatio": 60})

    within = bounded(asked, TIGHT)

    assert within.breakers[0].period == 5
    assert floor_of(10, within.breakers[0], within.budget) == 6
    assert describe_bounds(asked, TIGHT) == ""


def test_without_bounds_nothing_changes() -> None:
    asked = policy({"evaluationPeriod": 0.02}, defaultActivator={"mode": "retryAndKill"})

    assert bounded(asked, Bounds()) == asked
    assert describe_bounds(asked, Bounds()) == ""


@pytest.mark.parametrize(
    ("spec", "floor"),
    [
        pytest.param({}, 5, id="a spec that asks for nothing"),
        pytest.param({"budget": {"minAvailable": "20%"}}, 5, id="a smaller share"),
        pytest.param({"budget": {"minAvailable": "80%"}}, 8, id="a larger share stays"),
        pytest.param({"budget": {"minAvailable": 2}}, 5, id="a smaller count"),
        pytest.param({"budget": {"minAvailable": 7}}, 7, id="a larger count stays"),
    ],
)
def test_the_floor_is_the_larger_of_both(spec: dict[str, Any], floor: int) -> None:
    within = bounded(policy(**spec), TIGHT)

    assert floor_of(10, within.breakers[0], within.budget) == floor


def test_what_was_changed_is_said() -> None:
    asked = policy(
        {"evaluationPeriod": 0.1},
        {"minPodsAvailableRatio": 70, "activator": {"mode": "retryAndKill"}},
    )

    assert describe_bounds(asked, TIGHT) == (
        "The administrator's bounds hold: 50 % keep serving (b0); evaluated every 5 s (b0); "
        "no pod is evicted or deleted, at most maxPauseCount are paused"
    )
    assert [b.period for b in bounded(asked, TIGHT).breakers] == [5.0, 5.0]


@pytest.mark.parametrize("mode", ["retryAndKill", "retryAndPause"])
def test_where_termination_is_not_allowed_pods_are_paused_up_to_the_limit(mode: str) -> None:
    asked = policy({}, defaultActivator={"mode": mode, "maxPauseCount": 1})
    activator = bounded(asked, TIGHT).breakers[0].activator

    assert _wish(a_pod("a"), activator, 0) is Action.PAUSE
    assert _wish(a_pod("a"), activator, 1) is None, "it stays on timed return"


bounds = st.builds(Bounds, st.integers(0, 100), st.floats(0, 100), st.booleans())


@given(bounds, st.floats(0.02, 100), st.integers(0, 150), st.integers(1, 50))
def test_no_spec_gets_below_the_bounds(
    given_bounds: Bounds, period: float, ratio: int, members: int
) -> None:
    asked = policy({"evaluationPeriod": period, "minPodsAvailableRatio": ratio})
    within = bounded(asked, given_bounds)

    assert bounded(within, given_bounds) == within
    assert describe_bounds(within, given_bounds) == ""
    (breaker,) = within.breakers
    assert breaker.period >= given_bounds.shortest_period
    assert floor_of(members, breaker, within.budget) * 100 >= given_bounds.floor_percent * members
    assert breaker.activator.may_terminate <= given_bounds.allow_termination
