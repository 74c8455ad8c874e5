"""How many actions may begin, at once and in an hour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kubervisor.rules.decision.budget import (
    Limits,
    Spent,
    exhausted,
    is_forgettable,
    spending,
    still_counted,
)
from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.digest import digest
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent, Standing, State
from tests.rules.policies import policy

NOW = 1_000_000.0
LIMITS = Limits(at_once=2, per_hour=4, per_namespace_per_hour=3)


def stake(namespace: str, state: State = State.NORMAL, **changes: Any) -> Stake:
    claim = ObjectRef("PersistentVolumeClaim", namespace, "pg", "uid")
    return Stake(policy(), claim, replace(Standing(state, NOW - 5000), **changes))


def test_all_standings_are_counted() -> None:
    stakes = [
        stake("db", acted=(NOW - 3600, NOW - 3599, NOW - 10)),
        stake("db", State.IN_PROGRESS, acted=(NOW - 10,)),
        stake("web", State.PENDING, acted=(NOW - 5000,)),
        stake("web", State.TAKEN, acted=(NOW + 9,)),
    ]
    spent = spending(stakes, NOW)
    assert (spent.acting, spent.begun) == (1, 4)
    assert dict(spent.by_namespace) == {"db": 3, "web": 1}


def test_one_more_is_counted_before_it_is_stored() -> None:
    spent = spending([stake("db", acted=(NOW,))], NOW).with_one("db").with_one("web")
    assert spent == Spent(2, 3, {"db": 2, "web": 1})


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (Spent(1, 3, {"db": 2}), ""),
        (Spent(2, 3, {"db": 2}), "in progress at once are (2)"),
        (Spent(1, 4, {"db": 2}), "begin in an hour have begun (4)"),
        (Spent(1, 3, {"db": 3}), "in an hour in db have begun (3)"),
        (Spent(1, 3, {"web": 3}), ""),
    ],
)
def test_each_limit_is_a_number_that_is_not_passed(spent: Spent, said: str) -> None:
    found = exhausted(spent, "db", LIMITS)
    assert found.endswith(said)
    assert bool(found) is bool(said)


@pytest.mark.parametrize(
    ("state", "acted", "expected"),
    [
        (State.NORMAL, (), True),
        (State.NORMAL, (NOW - 3600,), True),
        (State.NORMAL, (NOW - 3599,), False),
        (State.DECLINED, (NOW - 9000, NOW), False),
        (State.IN_PROGRESS, (NOW - 9000,), False),
    ],
)
def test_what_a_budget_needs_is_not_forgotten_with_its_object(
    state: State, acted: tuple[float, ...], expected: bool
) -> None:
    assert is_forgettable(stake("db", state, acted=acted).standing, NOW) is expected


def test_only_what_counts_is_kept() -> None:
    assert still_counted((NOW - 4000, NOW - 3600, NOW - 1), NOW) == (NOW - 1,)
    assert still_counted((NOW - 3599, NOW - 1), NOW) == (NOW - 3599, NOW - 1)
    assert still_counted((NOW - 9000, NOW - 8000), NOW) == (NOW - 8000,)
    assert still_counted((), NOW) == ()


def test_a_digest_is_of_actions_and_goals_and_nothing_else() -> None:
    one = Intent("resize", "from 1 to 2", {"to": "2", "of": "pg"})
    same = Intent("resize", "to 2", {"of": "pg", "to": "2"}, {"asked": "yes"})
    other = Intent("resize", "from 1 to 2", {"to": "3", "of": "pg"})
    assert digest([one]) == digest([same])
    assert len({digest([one]), digest([other]), digest([one, other]), digest([other, one])}) == 4
