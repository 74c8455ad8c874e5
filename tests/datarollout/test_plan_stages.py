"""How a version goes through the stages: whom it reaches, when a stage is over, when it waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    Phase,
    Reason,
    RolloutPolicy,
    RolloutState,
    Tally,
    User,
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
    deployed,
    done,
    fleet,
    rolling_out,
    told,
    user,
    version,
    view,
)


def test_a_version_goes_from_a_quarter_to_all_to_the_last_known_good() -> None:
    seen, now, reasons = view(fleet(10)), NOW, []
    for _ in range(4):
        plan = plan_rollout(seen, now)
        reasons.append((plan.state.phase, told(plan), len(plan.requests)))
        now += PROBATION
        seen = deployed(done(seen, plan, now - PROBATION), now - PROBATION)
    assert reasons == [
        (Phase.ROLLING_OUT, ["CandidateChosen"], 3),
        (Phase.ROLLING_OUT, ["StageBegun"], 7),
        (Phase.SETTLED, ["Promoted"], 0),
        (Phase.SETTLED, [], 0),
    ]
    assert seen.state == RolloutState(Phase.SETTLED, B, reason=Reason.UP_TO_DATE)


@pytest.mark.parametrize(("ran", "passes"), [(PROBATION - 1, False), (PROBATION, True)])
@pytest.mark.parametrize("last", ["asked", "deployed"])
def test_a_stage_is_over_when_its_pods_ran_it_for_the_probation(
    last: str, ran: float, passes: bool
) -> None:
    at, since = (NOW - ran, LONG_AGO) if last == "asked" else (LONG_AGO, NOW - ran)
    one = user("web-9", B, at, since=since)
    plan = plan_rollout(view((*fleet(3), one), rolling_out(at=NOW - 900)), NOW)
    assert (told(plan) == ["StageBegun"]) is passes


@pytest.mark.parametrize(("age", "moves"), [(PROBATION - 1, False), (PROBATION, True)])
def test_a_pod_is_not_moved_again_before_the_probation_is_over(age: float, moves: bool) -> None:
    plan = plan_rollout(view(fleet(1, A, NOW - age)), NOW)
    assert asked(plan) == ({"web-000": B} if moves else {})
    assert plan.state.candidate == B


@pytest.mark.parametrize(
    "one",
    [
        user("web", B, NOW - PROBATION, has=A),
        user("web", B, NOW - PROBATION, progress=Progress.FETCHING),
        user("web", B, NOW - PROBATION, silent=True),
    ],
    ids=["has the old one", "is fetching", "is silent"],
)
def test_a_request_alone_proves_nothing(one: User) -> None:
    plan = plan_rollout(view((one,), rolling_out(at=NOW - PROBATION)), NOW)
    assert plan.reason is Reason.PROBATION
    assert plan.tally == Tally(users=1, on_candidate=1)


def test_one_pod_alone_needs_one_probation_for_all_stages() -> None:
    plan = plan_rollout(view(fleet(1, B), rolling_out()), NOW)
    assert told(plan) == ["StageBegun", "Promoted"]


def test_who_goes_first_is_between_versions_then_well_then_not() -> None:
    users = (
        user("a-between", C),
        user("b-well", A),
        user("c-silent", A, silent=True),
        user("d-failing", A, failing_since=LONG_AGO),
    )
    order = []
    for percent in (25, 50, 75, 99):
        policy = RolloutPolicy(stages=(percent, 100))
        plan = plan_rollout(view(users, rolling_out(), policy), NOW)
        new = [n for n, version in asked(plan).items() if version == B and n not in order]
        order += new
    assert order == ["a-between", "b-well", "c-silent", "d-failing"]


def test_pods_between_versions_beyond_the_share_go_home_first() -> None:
    plan = plan_rollout(view(fleet(4, C), rolling_out()), NOW)
    assert [(who.name, wanted) for who, wanted in plan.requests] == [
        ("web-000", A),
        ("web-001", A),
        ("web-002", A),
        ("web-003", B),
    ]


def test_those_that_go_home_are_asked_before_those_that_go_forward() -> None:
    users = (user("a-well", C), user("b-failing", C, failing_since=LONG_AGO))
    plan = plan_rollout(view(users, rolling_out()), NOW)
    assert [(who.name, wanted) for who, wanted in plan.requests] == [
        ("b-failing", A),
        ("a-well", B),
    ]


@pytest.mark.parametrize(("since", "moves"), [(NOW - 1, True), (NOW, False), (NOW + 9, False)])
def test_a_pod_that_begins_to_fail_this_second_is_asked_later(since: float, moves: bool) -> None:
    # It would look as if the version had made it fail.
    plan = plan_rollout(view((user("web", A, failing_since=since),)), NOW)
    assert asked(plan) == ({"web": B} if moves else {})


@pytest.mark.parametrize("policy", [RolloutPolicy(paused=True), RolloutPolicy(pin="nothing-such")])
def test_pods_between_versions_go_home_while_nothing_goes_forward(policy: RolloutPolicy) -> None:
    plan = plan_rollout(view(fleet(2, C), policy=policy), NOW)
    assert asked(plan) == {"web-000": A, "web-001": A}


def test_a_candidate_under_way_is_finished_before_a_newer_one_is_looked_at() -> None:
    seen = view((*fleet(3), *fleet(1, B, first=3)), rolling_out(), published=(A, B, C))
    plan = plan_rollout(seen, NOW)
    assert told(plan) == ["StageBegun"]
    assert plan.state.candidate == B
    assert set(asked(plan).values()) == {B}


def test_after_a_promotion_the_next_version_goes_out_at_once() -> None:
    seen = view(fleet(4, B), rolling_out(stage=1), published=(A, B, C))
    plan = plan_rollout(seen, NOW)
    assert told(plan) == ["Promoted", "CandidateChosen"]
    assert asked(plan) == {"web-003": C}


def test_data_that_changes_each_minute_is_promoted_all_the_same() -> None:
    seen, now, promoted = view(fleet(4), published=(A,)), NOW, 0
    for minute in range(60):
        now += 60
        new = version(f"b{minute:02}", now - 5)
        seen = replace(seen, published=(*(seen.published or ()), new))
        plan = plan_rollout(seen, now)
        promoted += told(plan).count("Promoted")
        seen = deployed(done(seen, plan, now), now)
    assert promoted == 2


@pytest.mark.parametrize("stages", [(), (0, 100), (50, 25, 100), (25,), (25, 25, 100), (101,)])
def test_stages_that_do_not_rise_to_all_are_refused(stages: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="stages"):
        RolloutPolicy(stages=stages)


def test_a_stage_that_people_took_away_is_the_last_one() -> None:
    seen = view(fleet(2, B), rolling_out(stage=7))
    assert told(plan_rollout(seen, NOW)) == ["Promoted"]


def test_the_message_says_the_stage_and_the_numbers() -> None:
    users = (*fleet(7), *fleet(3, B, NOW - 60, first=7))
    message = plan_rollout(view(users, rolling_out(at=NOW - 60)), NOW).message
    assert message == (
        "b.tar.zst, stage 1 of 2: 3 of 10 pods are asked for it (up to 3, 25 %), "
        "0 ran it for 10 min"
    )
