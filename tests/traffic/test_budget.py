"""The budget: the table of the design's decision rules, floors and caps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.budget import allowance, cap_of, fleet_floor, floor_of
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.plan import Action
from kubervisor.traffic.policy import BreakerPolicy, BudgetPolicy
from tests.builders import (
    NOW,
    FleetDraft,
    a_breaker,
    a_fleet,
    a_policy,
    a_verdict,
    fleet_of,
    names,
    reasons,
)

RATIO_50 = a_breaker(ratio=50)
NO_BUDGET = BudgetPolicy()
CAP_20 = BudgetPolicy(max_ejected_percent=20)


@dataclass(frozen=True)
class Row:
    """A row of the table: a fleet, a rule, and N/S/O/floor and what may be ejected."""

    id: str
    fleet: FleetDraft
    numbers: tuple[int, int, int, int]
    may_eject: int
    breaker: BreakerPolicy = RATIO_50
    budget: BudgetPolicy = NO_BUDGET


ROWS = (
    Row("10 Ready, ratio 50: half of them", a_fleet(10), (10, 10, 0, 5), 5),
    Row(
        "5 out and the other 5 outliers: none, for ever",
        a_fleet(10).with_ejected(5),
        (10, 5, 5, 5),
        0,
    ),
    Row(
        "the 5 that are out crash: still none",
        a_fleet(10).with_ejected(5, ready=False),
        (10, 5, 5, 5),
        0,
    ),
    Row("6 Ready and 4 not Ready: one", a_fleet(10).with_not_ready(4), (10, 6, 0, 5), 1),
    Row("6 Ready and 4 Pending: one", a_fleet(10).with_pending(4), (10, 6, 0, 5), 1),
    Row("3 Ready: the ratio is rounded up, one", a_fleet(3), (3, 3, 0, 2), 1),
    Row("3, one of them paused: none", a_fleet(3).with_paused(), (3, 2, 1, 2), 0),
    Row("2 Ready, count 0: one", a_fleet(2), (2, 2, 0, 1), 1, a_breaker(count=0)),
    Row("1 Ready, count 0: the last one stays", a_fleet(1), (1, 1, 0, 1), 0, a_breaker(count=0)),
    Row(
        "10, one ejected and one paused, cap 20 %: none",
        a_fleet(10).with_ejected().with_paused(),
        (10, 8, 2, 1),
        0,
        a_breaker(),
        CAP_20,
    ),
    Row(
        "4 Ready, cap 20 %: one may always be out", a_fleet(4), (4, 4, 0, 1), 1, a_breaker(), CAP_20
    ),
    Row("2 Ready, cap 20 %: none", a_fleet(2), (2, 2, 0, 1), 0, a_breaker(), CAP_20),
    Row("10, breaker A with count 8: two", a_fleet(10), (10, 10, 0, 8), 2, a_breaker("a", count=8)),
    Row(
        "after A took 2, breaker B with count 2: six",
        a_fleet(10).with_ejected(2, by="a"),
        (10, 8, 2, 2),
        6,
        a_breaker("b", count=2),
    ),
    Row(
        "after B took 3, breaker A with count 8: none",
        a_fleet(10).with_ejected(3, by="b"),
        (10, 7, 3, 8),
        0,
        a_breaker("a", count=8),
    ),
    Row(
        "the cache shows 7, one ejection is unconfirmed, floor 5: one",
        a_fleet(7).with_unconfirmed(Action.EJECT, "pricer-00"),
        (7, 6, 1, 5),
        1,
        a_breaker(count=5),
    ),
    Row(
        "scaled down from 10 to 3, 2 out and 1 serving: none",
        a_fleet(3).with_ejected(2),
        (3, 1, 2, 2),
        0,
    ),
    Row(
        "a rollout, 10 old and 3 new Pending: three", a_fleet(13).with_pending(3), (13, 10, 0, 7), 3
    ),
    Row(
        "one terminated, its replacement Pending, 9 Ready: four",
        a_fleet(10).with_pending(),
        (10, 9, 0, 5),
        4,
    ),
    Row(
        "one terminated and not replaced yet, 9 Ready: it still counts as a member, four",
        replace(a_fleet(9), unreplaced=1),
        (10, 9, 0, 5),
        4,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_what_a_breaker_may_eject(row: Row) -> None:
    room = allowance(row.fleet, row.breaker, row.budget)

    assert (room.members, room.serving, room.out, room.floor) == row.numbers
    assert room.left == row.may_eject


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_plan_ejects_exactly_that_many_when_every_pod_is_an_outlier(row: Row) -> None:
    everyone = [pod.name for pod in row.fleet.pods if pod.ready]
    verdict = a_verdict(row.fleet, everyone, breaker=row.breaker.name)

    plan = plan_ejections(
        row.fleet,
        verdict,
        row.breaker,
        a_policy(row.breaker, budget=row.budget),
        remember(Memory(), verdict, steps=1),
        now=NOW,
    )

    assert len(plan.intents) == row.may_eject
    assert set(reasons(plan).values()) <= {"BudgetExhausted"}
    assert len(plan.refused) == len(row.fleet.serving) - row.may_eject
    assert set(names(plan)) <= {pod.name for pod in row.fleet.serving}


@pytest.mark.parametrize(
    ("count", "ratio", "floor"),
    [
        pytest.param(None, None, 1, id="nothing asked (deviation: the original says 0)"),
        pytest.param(3, None, 3, id="count 3"),
        pytest.param(None, 50, 5, id="ratio 50"),
        pytest.param(3, 50, 5, id="count 3 and ratio 50: the larger"),
        pytest.param(8, 50, 8, id="count 8 and ratio 50: the larger"),
        pytest.param(0, 0, 1, id="zeros (deviation: the original says 0)"),
        pytest.param(None, 51, 6, id="ratio 51 (deviation: rounded up, the original says 5)"),
        pytest.param(None, 400, 10, id="a ratio above 100 is all members"),
        pytest.param(40, None, 40, id="a count above the members: nothing can be ejected"),
    ],
)
def test_floor_of_ten_members(count: int | None, ratio: int | None, floor: int) -> None:
    assert floor_of(10, a_breaker(count=count, ratio=ratio), BudgetPolicy()) == floor


@pytest.mark.parametrize(
    ("budget", "floor"),
    [
        pytest.param(BudgetPolicy(min_available_count=7), 7, id="the budget's count"),
        pytest.param(BudgetPolicy(min_available_percent=75), 8, id="the budget's percentage"),
        pytest.param(BudgetPolicy(min_available_count=2), 5, id="the breaker asks for more"),
    ],
)
def test_the_floor_is_the_largest_that_budget_and_breaker_ask_for(
    budget: BudgetPolicy, floor: int
) -> None:
    assert floor_of(10, a_breaker(ratio=50), budget) == floor


def test_no_float_rounding_moves_a_floor() -> None:
    floors = [
        floor_of(n, a_breaker(ratio=p), BudgetPolicy()) for n in range(200) for p in range(101)
    ]
    exact = [max(1, (p * n + 99) // 100) for n in range(200) for p in range(101)]

    assert floors == exact


@pytest.mark.parametrize(
    ("percent", "members", "cap"),
    [(None, 10, 10), (20, 10, 2), (29, 10, 2), (20, 4, 1), (20, 2, 0), (0, 3, 1), (100, 10, 10)],
)
def test_cap(percent: int | None, members: int, cap: int) -> None:
    assert cap_of(members, BudgetPolicy(max_ejected_percent=percent)) == cap


def test_the_fleets_own_floor_is_the_lowest_of_its_breakers() -> None:
    policy = a_policy(a_breaker("a", count=8), a_breaker("b", count=2))

    assert fleet_floor(10, policy) == 2


def test_an_empty_fleet_may_eject_nothing() -> None:
    assert allowance(fleet_of(), a_breaker(), BudgetPolicy()).left == 0


def test_the_answer_says_its_numbers() -> None:
    room = allowance(a_fleet(10).with_ejected(), a_breaker(ratio=50), CAP_20)

    assert str(room) == "9 of 10 serving, floor 5, 1 out of at most 2: may eject 1"
