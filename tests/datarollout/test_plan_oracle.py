"""AutoCrane's own table of who gets which version, with its promotion put right.

Deployers say that the pods have what they were asked for: the original asked none.
"""

from __future__ import annotations

import pytest

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import RolloutState, User, View
from kubervisor.datarollout.versions import Version
from tests.datarollout.builders import (
    DEADLINE,
    LONG_AGO,
    NOW,
    A,
    B,
    C,
    asked,
    fleet,
    rolling_out,
    settled,
    told,
    user,
    view,
)

BETWEEN = rolling_out(at=NOW)


def one(asked_for: Version | None, at: float | None = LONG_AGO) -> tuple[User, ...]:
    return (user("web", asked_for, at),)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        pytest.param(view(one(None)), {"web": A}, id="no request gets the last known good"),
        pytest.param(view(()), {}, id="a source that no pod uses asks nobody"),
        pytest.param(view(one(A), published=(A,)), {}, id="the newest is the last known good"),
        pytest.param(view(one(A, NOW)), {}, id="asked just now"),
        pytest.param(view(one(A)), {"web": B}, id="asked a day ago"),
        pytest.param(view(one(B, None)), {"web": A}, id="a request without an instant"),
        pytest.param(view(one(C), BETWEEN), {"web": B}, id="a version between"),
        pytest.param(view(one(None), settled(None), published=()), {}, id="nothing published"),
        pytest.param(view(one(None), settled(None), published=None), {}, id="no repository"),
        pytest.param(
            view(fleet(3), dependants=1, failing=1), {}, id="the dependant of three is in error"
        ),
        pytest.param(view(fleet(3)), {"web-002": B}, id="of three the last"),
        pytest.param(
            view(
                (*fleet(2), user("web-002", B)),
                rolling_out(at=NOW - DEADLINE),
            ),
            {"web-000": B, "web-001": B},
            id="of three one has proven it: the others",
        ),
    ],
)
def test_the_table(seen: View, wanted: dict[str, Version]) -> None:
    assert asked(plan_rollout(seen, NOW)) == wanted


@pytest.mark.parametrize(("users", "share"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (10, 3)])
def test_a_quarter_of_so_many_pods_is_so_many(users: int, share: int) -> None:
    plan = plan_rollout(view(fleet(users)), NOW)
    assert sorted(asked(plan)) == sorted(one.name for one in fleet(users))[-share:]


def test_the_newest_becomes_the_last_known_good_when_all_pods_of_the_source_have_proven_it() -> (
    None
):
    state = rolling_out(stage=1, at=LONG_AGO)
    plan = plan_rollout(view(fleet(3, B), state), NOW)
    assert told(plan) == ["Promoted"]
    assert plan.state.last_known_good == B
    assert plan.state.candidate is None


def test_without_a_last_known_good_the_newest_is_it() -> None:
    plan = plan_rollout(view(one(None), RolloutState()), NOW)
    assert plan.state.last_known_good == B
    assert asked(plan) == {"web": B}
    assert told(plan) == ["FirstVersion"]
