"""Others' acts left fewer serving than the floor: early returns, until the floor is reached."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kubervisor.traffic.model import Fleet, Pod, Traffic
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.returns import plan_early_returns
from tests.builders import a_fleet, a_pod, fleet_of, names


def early(fleet: Fleet, floor: int, scores: Mapping[str, float] | None = None) -> Plan:
    by_uid = {pod.uid: (scores or {}).get(pod.name, 0.0) for pod in fleet.pods}
    return plan_early_returns(fleet, floor, by_uid)


def test_a_scale_down_from_ten_to_three_with_two_out_returns_one() -> None:
    plan = early(a_fleet(3).with_ejected(2), floor=2)

    assert names(plan) == ["pricer-01"]
    assert plan.intents[0].reason is Reason.BELOW_FLOOR
    assert plan.intents[0].evidence == "1 of 3 serving, floor 2"


def test_at_the_floor_nobody_returns_early() -> None:
    assert early(a_fleet(10).with_ejected(5), floor=5) == Plan()


def test_the_best_score_returns_first() -> None:
    fleet = a_fleet(4).with_ejected(3)
    scores = {"pricer-01": 9.0, "pricer-02": 1.0, "pricer-03": 5.0}

    assert names(early(fleet, 3, scores)) == ["pricer-02", "pricer-03"]


def test_equal_scores_return_the_one_with_fewer_retries() -> None:
    fleet = fleet_of(a_pod("a").ejected(retries=3), a_pod("b").ejected(retries=1))

    assert names(early(fleet, 1)) == ["b"]


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(a_pod("x").paused(), id="paused"),
        pytest.param(a_pod("x").held_by_hand(), id="held by hand"),
        pytest.param(a_pod("x").held_by_hand(Traffic.PAUSE), id="paused by hand"),
        pytest.param(a_pod("x").ejected().not_ready(), id="ejected and not Ready"),
        pytest.param(a_pod("x").ejected().claimed("other"), id="another's"),
    ],
)
def test_these_are_never_returned_early(pod: Pod) -> None:
    assert early(fleet_of(pod), floor=1) == Plan()


def test_returns_that_the_watch_has_not_shown_are_counted() -> None:
    fleet = a_fleet(4).with_ejected(3).with_unconfirmed(Action.RETURN, "pricer-01")

    assert names(early(fleet, 2)) == []
    assert names(early(fleet, 3)) == ["pricer-02"]


def test_a_return_that_both_the_watch_and_the_overlay_show_counts_once() -> None:
    fleet = a_fleet(4).with_ejected(2).with_unconfirmed(Action.RETURN, "pricer-00")

    assert len(early(fleet, 4).intents) == 2
