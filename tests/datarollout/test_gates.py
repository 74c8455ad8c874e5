"""What takes a version back and what only holds it, at the exact boundary."""

from __future__ import annotations

import pytest

from kubervisor.datarollout.decision.gates import exceeds
from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    Phase,
    Reason,
    RolloutPolicy,
    RolloutState,
    User,
    View,
)
from kubervisor.datarollout.versions import Progress
from tests.datarollout.builders import (
    LONG_AGO,
    NOW,
    PROBATION,
    A,
    B,
    C,
    asked,
    fleet,
    rolling_out,
    told,
    user,
    view,
)

LATELY = NOW - 60


@pytest.mark.parametrize(
    ("part", "whole", "percent", "is_more"),
    [
        (1, 4, 25, False),
        (25, 100, 25, False),
        (26, 100, 25, True),
        (1, 3, 25, True),
        (2, 8, 25, False),
        (3, 8, 25, True),
        (0, 0, 0, False),
        (0, 5, 0, False),
        (1, 10**9, 0, True),
        (5, 5, 100, False),
        (1, 3, 33, True),
        (1, 3, 34, False),
    ],
)
def test_a_share_is_more_only_where_it_is_more(
    part: int, whole: int, percent: int, is_more: bool
) -> None:
    assert exceeds(part, whole, percent) is is_more


def out(count: int, failing: int = 0, *, since: float = LATELY + 1) -> tuple[User, ...]:
    """So many pods asked for the candidate a minute ago, so many of which fail since."""
    return tuple(
        user(f"new-{n:03}", B, LATELY, failing_since=since if n < failing else None)
        for n in range(count)
    )


def refused(count: int, failed: int) -> tuple[User, ...]:
    return tuple(
        user(f"new-{n:03}", B, LATELY, progress=Progress.FAILED if n < failed else Progress.READY)
        for n in range(count)
    )


def plan_reason(seen: View) -> tuple[Phase, list[str]]:
    plan = plan_rollout(seen, NOW)
    return plan.state.phase, told(plan)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (view(out(4), rolling_out(), dependants=4, failing=2), "DependantsFailing"),
        (view(out(4, failing=2), rolling_out()), "CandidateFailing"),
        (view(refused(4, 2), rolling_out()), "DeployersFailing"),
    ],
)
def test_more_than_a_quarter_takes_it_back(seen: View, reason: str) -> None:
    plan = plan_rollout(seen, NOW)
    assert (plan.state.phase, told(plan)) == (Phase.ROLLING_BACK, [reason])
    assert asked(plan) == {one.name: A for one in seen.users}
    assert [entry.version for entry in plan.state.quarantine] == [B]
    assert plan.state.candidate is None
    assert plan.state.failures == 1
    assert plan.state.not_before == NOW + PROBATION
    assert plan.reason is Reason(reason)


@pytest.mark.parametrize(
    "seen",
    [
        view(out(4), rolling_out(), dependants=4, failing=1),
        view(out(4, failing=1), rolling_out()),
        view(refused(4, 1), rolling_out()),
    ],
    ids=["dependants", "pods", "deployers"],
)
def test_a_quarter_is_not_more_than_a_quarter(seen: View) -> None:
    assert plan_reason(seen) == (Phase.ROLLING_OUT, [])


@pytest.mark.parametrize(
    ("since", "is_its_doing"),
    [(LATELY - 1, False), (LATELY, True), (LATELY + 0.5, True), (NOW, True)],
)
def test_a_pod_that_failed_before_it_was_asked_says_nothing(
    since: float, is_its_doing: bool
) -> None:
    seen = view(out(1, failing=1, since=since), rolling_out())
    assert plan_reason(seen)[0] is (Phase.ROLLING_BACK if is_its_doing else Phase.ROLLING_OUT)


def test_a_failing_pod_that_is_not_asked_for_the_candidate_says_nothing_of_it() -> None:
    others = tuple(user(f"old-{n}", A, failing_since=LATELY) for n in range(8))
    assert plan_reason(view((*others, *out(2)), rolling_out()))[0] is Phase.ROLLING_OUT


def test_a_deployer_that_failed_with_another_version_says_nothing_of_the_candidate() -> None:
    one = user("web", B, LATELY, has=C, progress=Progress.FAILED)
    assert plan_reason(view((one,), rolling_out()))[0] is Phase.ROLLING_OUT


def test_failing_dependants_hold_a_version_that_nobody_has_yet() -> None:
    plan = plan_rollout(view(fleet(3), dependants=3, failing=1), NOW)
    assert plan.state.candidate is None
    assert plan.reason is Reason.DEPENDANTS_FAILING
    assert plan.requests == ()


def test_failing_dependants_hold_a_chosen_version_whose_requests_were_never_written() -> None:
    plan = plan_rollout(view(fleet(3), rolling_out(), dependants=3, failing=1), NOW)
    assert plan.state.candidate == B
    assert plan.state.quarantine == ()
    assert plan.requests == ()


@pytest.mark.parametrize("published", [(A, B), (), None])
@pytest.mark.parametrize("paused", [True, False])
def test_a_pause_or_a_silent_repository_keeps_no_version_from_being_taken_back(
    paused: bool, published: tuple[()] | None
) -> None:
    policy = RolloutPolicy(paused=paused)
    seen = view(out(2, failing=1), rolling_out(), policy, published)
    plan = plan_rollout(seen, NOW)
    assert told(plan) == ["CandidateFailing"]
    assert asked(plan) == {"new-000": A, "new-001": A}


@pytest.mark.parametrize(("percent", "failing", "back"), [(0, 1, True), (100, 4, False)])
def test_the_share_is_a_setting(percent: int, failing: int, back: bool) -> None:
    seen = view(out(4, failing), rolling_out(), RolloutPolicy(failure_percent=percent))
    assert (plan_reason(seen)[0] is Phase.ROLLING_BACK) is back


@pytest.mark.parametrize(
    ("before", "times"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 16), (10**9, 16)]
)
def test_each_failure_in_a_row_doubles_the_wait_up_to_16_probations(
    before: int, times: int
) -> None:
    state = RolloutState(Phase.ROLLING_OUT, A, B, 0, LONG_AGO, failures=before)
    plan = plan_rollout(view(out(2, failing=2), state), NOW)
    assert plan.state.not_before == NOW + times * PROBATION


def test_the_sentence_names_pods_numbers_and_the_next_attempt() -> None:
    seen = view((*fleet(7), *out(3, failing=2)), rolling_out())
    message = plan_rollout(seen, NOW).news[0].message
    assert message == (
        "b.tar.zst is taken back to a.tar.zst: 2 of 3 pods asked for it fail since, more than "
        "25 %: new-000, new-001. Nothing else goes out before 2023-11-14T22:23:20Z"
    )


def test_the_sentence_quotes_a_deployer_on_one_line() -> None:
    one = user("web", B, LATELY, progress=Progress.FAILED)
    assert one.deployed is not None
    said = type(one.deployed)(B, Progress.FAILED, LATELY, "no space\nleft on \u202edevice")
    loud = type(one)(one.uid, one.namespace, one.name, one.request, said)
    message = plan_rollout(view((loud,), rolling_out()), NOW).news[0].message
    assert '"no space left on  device"' in message
