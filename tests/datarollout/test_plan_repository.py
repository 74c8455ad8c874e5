"""A repository that does not answer or loses what it had, and an object that was deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    Phase,
    Reason,
    RolloutPolicy,
    RolloutState,
)
from tests.datarollout.builders import (
    DEADLINE,
    LONG_AGO,
    NOW,
    A,
    B,
    C,
    asked,
    deployed,
    done,
    fleet,
    rolling_out,
    settled,
    taken_back,
    told,
    user,
    version,
    view,
)


class TestTheRepository:
    @pytest.mark.parametrize(
        ("published", "reason", "news"),
        [
            (None, Reason.REPOSITORY_UNAVAILABLE, ["RepositoryUnavailable"]),
            ((), Reason.NOTHING_PUBLISHED, []),
        ],
    )
    def test_where_it_has_no_answer_nothing_goes_further_and_new_pods_are_served(
        self, published: tuple[()] | None, reason: Reason, news: list[str]
    ) -> None:
        users = (*fleet(3), *fleet(1, B, first=3), user("web-9"))
        seen = view(users, rolling_out(), published=published)
        plan = plan_rollout(seen, NOW)
        assert asked(plan) == {"web-9": A}
        assert (plan.reason, told(plan)) == (reason, news)
        again = plan_rollout(done(seen, plan), NOW)
        assert (again.requests, again.news) == ((), ())

    def test_two_of_the_same_second_go_out_in_the_manifests_order(self) -> None:
        one, two = version("one", NOW - 900), version("two", NOW - 900)
        plan = plan_rollout(view(fleet(1, one), settled(one), published=(one, two)), NOW)
        assert plan.state.candidate == two
        plan = plan_rollout(view(fleet(1, two), settled(two), published=(one, two)), NOW)
        assert plan.state.candidate is None

    def test_a_candidate_of_the_same_second_outlives_a_silent_repository(self) -> None:
        one, two = version("one", NOW - 900), version("two", NOW - 900)
        plan = plan_rollout(view(fleet(1, two), rolling_out(two, one), published=None), NOW)
        assert plan.state.candidate == two

    def test_nor_does_it_go_home_where_the_last_known_good_of_that_second_is_lost(self) -> None:
        one, two = version("one", NOW - 900), version("two", NOW - 900)
        paused = RolloutPolicy(paused=True)
        seen = view(fleet(1, two), rolling_out(two, one), paused, (two,))
        assert plan_rollout(seen, NOW).state.candidate == two

    def test_the_same_bytes_again_are_the_last_known_good_under_their_new_name(self) -> None:
        again = version("d", content="a")
        plan = plan_rollout(view(fleet(3), published=(A, B, again)), NOW)
        assert plan.state.last_known_good == again
        assert (plan.requests, plan.news) == ((), ())
        assert plan.state.candidate is None

    def test_but_not_while_a_candidate_is_out(self) -> None:
        again = version("d", content="a")
        seen = view((*fleet(3), *fleet(1, B, NOW - 5, first=3)), rolling_out(at=NOW - 5))
        plan = plan_rollout(replace(seen, published=(A, B, again)), NOW)
        assert (plan.state.candidate, plan.state.last_known_good) == (B, A)

    def test_a_candidate_that_gets_nowhere_is_given_up_where_the_source_went_back(self) -> None:
        again = version("d", content="a")
        late = user("web-9", B, NOW - DEADLINE - 1, has=A)
        seen = view((*fleet(3), late), rolling_out(), published=(A, B, again))
        plan = plan_rollout(seen, NOW)
        assert (plan.state.phase, told(plan)) == (Phase.ROLLING_BACK, ["Stalled"])
        assert asked(plan) == {"web-9": again}

    def test_a_pod_that_could_not_get_it_by_its_old_name_is_asked_by_the_new_one(self) -> None:
        again = version("d", content="a")
        users = (user("web-1", A), user("web-2", A, has=C))
        plan = plan_rollout(view(users, published=(again,)), NOW)
        assert asked(plan) == {"web-2": again}

    def test_a_candidate_that_is_published_no_more_goes_home_for_good(self) -> None:
        seen = view(fleet(2, B), rolling_out(), published=(A,))
        plan = plan_rollout(seen, NOW)
        assert told(plan) == ["Withdrawn"]
        assert asked(plan) == {"web-000": A, "web-001": A}
        back = replace(deployed(done(seen, plan), NOW), published=(A, B))
        assert plan_rollout(back, NOW + 2 * DEADLINE).state.candidate is None

    def test_a_candidate_that_changed_its_name_goes_on(self) -> None:
        again = version("d", content="b")
        plan = plan_rollout(view(fleet(2, B, NOW - 5), rolling_out(), published=(A, again)), NOW)
        assert (plan.state.candidate, plan.requests) == (again, ())

    def test_lost_the_last_known_good_is_what_most_pods_run_well(self) -> None:
        users = (
            *fleet(2, A),
            *fleet(2, B, first=2),
            *(user(f"ill-{n}", C, failing_since=LONG_AGO - 1) for n in range(3)),
        )
        plan = plan_rollout(view(users, settled(A), published=(B, C)), NOW)
        assert plan.state.last_known_good == B
        assert told(plan)[:2] == ["LastKnownGoodGone", "CandidateChosen"]

    def test_or_the_newest_where_nobody_runs_one_that_is_published(self) -> None:
        state = RolloutState(Phase.SETTLED, A, quarantine=(taken_back(C),))
        plan = plan_rollout(view(fleet(2), state, published=(B, C)), NOW)
        assert plan.state.last_known_good == B
        assert asked(plan) == {"web-000": B, "web-001": B}

    def test_but_never_one_in_quarantine(self) -> None:
        state = RolloutState(Phase.SETTLED, A, quarantine=(taken_back(B),))
        plan = plan_rollout(view(fleet(2), state, published=(B,)), NOW)
        assert plan.state.last_known_good == A
        assert (plan.reason, told(plan)) == (Reason.LAST_KNOWN_GOOD_GONE, ["LastKnownGoodGone"])

    @pytest.mark.parametrize("policy", [RolloutPolicy(paused=True), RolloutPolicy(pin=A.path)])
    def test_people_who_hold_it_are_heeded(self, policy: RolloutPolicy) -> None:
        plan = plan_rollout(view(fleet(2), settled(A), policy, (B,)), NOW)
        assert (plan.state.last_known_good, plan.requests) == (A, ())

    def test_a_lost_one_may_be_followed_by_the_candidate(self) -> None:
        users = (*fleet(3, A), *fleet(1, B, first=3))
        plan = plan_rollout(view(users, rolling_out(), published=(B,)), NOW)
        assert (plan.state.last_known_good, plan.state.candidate) == (B, None)


class TestLostState:
    """Somebody deleted the object; the pods still say what they run."""

    def test_what_most_run_is_the_last_known_good_and_the_rollout_goes_on(self) -> None:
        users = (*fleet(7, A), *fleet(3, B, first=7))
        plan = plan_rollout(view(users, RolloutState(), published=(A, B)), NOW)
        assert (plan.state.last_known_good, plan.state.candidate) == (A, B)
        assert told(plan) == ["FirstVersion", "CandidateChosen", "StageBegun"]

    def test_what_fails_is_not(self) -> None:
        users = (user("web-1", A), *(user(f"x-{n}", B, failing_since=LONG_AGO) for n in range(3)))
        plan = plan_rollout(view(users, RolloutState(), published=(A, B)), NOW)
        assert plan.state.last_known_good == A
