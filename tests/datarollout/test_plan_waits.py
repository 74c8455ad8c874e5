"""What a stage waits for, and how long: pods that come and go, pods that are late, wrong clocks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import Phase, Reason, RolloutPolicy, RolloutState
from tests.datarollout.builders import (
    DEADLINE,
    NOW,
    PROBATION,
    A,
    B,
    C,
    asked,
    deployed,
    done,
    fleet,
    look,
    rolling_out,
    told,
    user,
    view,
)


class TestTheFleetChanges:
    """Pods come and go while a version is on its way."""

    def test_a_fleet_that_is_always_renewed_gets_new_versions(self) -> None:
        seen, now, born = view(fleet(12)), NOW, 12
        for _ in range(40):
            now += 300
            seen = deployed(look(seen, now), now)
            new = user(f"web-{born:03}", created=now)
            seen = replace(seen, users=(*seen.users[1:], new))
            born += 1
            if seen.state.last_known_good == B:
                break
        assert seen.state.last_known_good == B

    def test_new_pods_begin_with_the_last_known_good_and_are_not_moved_at_once(self) -> None:
        seen = view((*fleet(4, B), *fleet(1, None, first=4)), rolling_out(stage=1))
        plan = plan_rollout(seen, NOW)
        assert asked(plan) == {"web-004": A} or told(plan) == ["Promoted"]

    def test_the_last_stage_does_not_wait_for_pods_that_start(self) -> None:
        users = (*fleet(4, B), user("web-004"), user("web-005", A, NOW - 1))
        plan = plan_rollout(view(users, rolling_out(stage=1)), NOW)
        assert told(plan) == ["Promoted"]
        assert asked(plan) == {"web-004": B, "web-005": B}

    def test_a_fleet_that_was_restarted_at_once_has_proven_nothing(self) -> None:
        users = (*fleet(1, B), *fleet(9, A, NOW - 1, first=1))
        plan = plan_rollout(view(users, rolling_out(stage=1)), NOW)
        assert told(plan) == []
        assert plan.state.candidate == B

    @pytest.mark.parametrize(("created", "waits"), [(NOW - 900, True), (NOW - 899, False)])
    def test_nor_for_pods_that_came_since_it_began(self, created: float, waits: bool) -> None:
        new = user("web-004", B, NOW - 60, created=created)
        state = rolling_out(stage=1, at=NOW - 900)
        plan = plan_rollout(view((*fleet(4, B), new), state), NOW)
        assert (plan.state.candidate is not None) is waits

    def test_where_there_is_one_stage_one_pod_that_proved_it_is_enough_beside_new_ones(
        self,
    ) -> None:
        users = (*fleet(1, B), *fleet(2, A, NOW - 1, first=1))
        seen = view(users, rolling_out(), RolloutPolicy(stages=(100,)))
        assert told(plan_rollout(seen, NOW)) == ["Promoted"]

    def test_a_fleet_that_grows_makes_the_share_grow(self) -> None:
        users = (*fleet(9), *fleet(1, B, first=9), *fleet(10, first=10))
        plan = plan_rollout(view(users, rolling_out(at=NOW - 10)), NOW)
        assert len(asked(plan)) == 4

    def test_a_fleet_that_shrinks_sends_nobody_home(self) -> None:
        users = (*fleet(1), *fleet(3, B, NOW - 10, first=1))
        plan = plan_rollout(view(users, rolling_out(at=NOW - 10)), NOW)
        assert plan.requests == ()
        assert plan.state.candidate == B

    def test_a_canary_that_was_deleted_is_replaced_by_another_pod(self) -> None:
        seen = view(fleet(4), rolling_out(at=NOW - 10))
        assert asked(plan_rollout(seen, NOW)) == {"web-003": B}

    def test_without_any_pod_a_rollout_stands_still(self) -> None:
        plan = plan_rollout(view((), rolling_out(at=NOW - 10)), NOW)
        assert (plan.state.candidate, plan.requests, plan.news) == (B, (), ())

    def test_without_any_pod_none_begins(self) -> None:
        plan = plan_rollout(view(()), NOW)
        assert (plan.state.phase, plan.reason) == (Phase.WAITING, Reason.UNUSED)

    def test_without_any_pod_no_version_is_the_first(self) -> None:
        plan = plan_rollout(view((), RolloutState()), NOW)
        assert plan.state.last_known_good is None


class TestStalled:
    """A stage whose pods do not get the candidate."""

    late = user("web-009", B, NOW - DEADLINE - 1, has=A)
    nearly = user("web-009", B, NOW - DEADLINE, has=A)

    def test_a_pod_that_does_not_run_it_by_the_deadline_stalls_the_stage(self) -> None:
        state = rolling_out(at=NOW - DEADLINE - 1)
        plan = plan_rollout(view((*fleet(3), self.late), state), NOW)
        assert told(plan) == ["Stalled"]
        assert "web-009" in plan.message
        assert plan.state.candidate == B

    def test_at_the_deadline_it_does_not_yet(self) -> None:
        state = rolling_out(at=NOW - DEADLINE)
        plan = plan_rollout(view((*fleet(3), self.nearly), state), NOW)
        assert (plan.reason, plan.news) == (Reason.PROBATION, ())

    def test_it_is_told_once(self) -> None:
        seen = look(view((*fleet(3), self.late), rolling_out()))
        assert plan_rollout(seen, NOW + 60).reason is Reason.STALLED
        assert plan_rollout(seen, NOW + 60).news == ()

    def test_the_newest_takes_its_place_from_the_first_stage(self) -> None:
        seen = view((*fleet(3), self.late), rolling_out(), published=(A, B, C))
        plan = plan_rollout(seen, NOW)
        assert told(plan) == ["Stalled"]
        assert (plan.state.candidate, plan.state.stage, plan.state.stage_at) == (C, 0, NOW)
        assert plan.state.phase is Phase.ROLLING_OUT
        assert asked(plan) == {"web-009": C}
        assert [entry.reason for entry in plan.state.quarantine] == [Reason.STALLED]
        assert plan.state.failures == 0

    def test_a_long_probation_stalls_nothing(self) -> None:
        policy = RolloutPolicy(probation=2 * DEADLINE)
        users = (*fleet(3), user("web-9", B, NOW - DEADLINE - 1))
        seen = view(users, rolling_out(), policy, (A, B, C))
        assert plan_rollout(seen, NOW).reason is Reason.PROBATION

    def test_a_pause_stalls_nothing(self) -> None:
        seen = view((*fleet(3), self.late), rolling_out(), RolloutPolicy(paused=True), (A, B, C))
        assert plan_rollout(seen, NOW).reason is Reason.PAUSED

    def test_where_nobody_could_be_asked_for_so_long_the_newest_takes_its_place(self) -> None:
        seen = view(fleet(3, A, NOW - 1), rolling_out(), published=(A, B, C))
        plan = plan_rollout(seen, NOW)
        assert plan.state.candidate == C

    def test_as_many_late_pods_as_may_fail_do_not_keep_the_last_stage(self) -> None:
        seen = view((*fleet(3, B), self.late), rolling_out(stage=1))
        plan = plan_rollout(seen, NOW)
        assert told(plan) == ["Promoted"]
        assert "not waited for: web-009" in plan.news[0].message

    def test_more_late_pods_keep_it(self) -> None:
        seen = view((*fleet(2, B), self.late), rolling_out(stage=1))
        assert plan_rollout(seen, NOW).reason is Reason.STALLED


class TestClocks:
    """Steps of our clock, and of the deployers'."""

    def test_a_deployer_whose_clock_is_ahead_said_so_just_now(self) -> None:
        one = user("web", B, since=NOW + 9_000)
        assert plan_rollout(view((one,), rolling_out()), NOW).reason is Reason.PROBATION
        at_once = RolloutPolicy(probation=0)
        assert told(plan_rollout(view((one,), rolling_out(), at_once), NOW))[-1] == "Promoted"

    def test_a_request_from_the_future_is_asked_again_now(self) -> None:
        users = (user("web-1", A, NOW + 3600), user("web-2", B, NOW + 3600))
        seen = view(users, rolling_out(at=NOW + 3600))
        plan = plan_rollout(seen, NOW)
        assert asked(plan) == {"web-1": A, "web-2": B}
        assert plan.state.stage_at == NOW
        assert plan_rollout(done(seen, plan), NOW).requests == ()

    def test_a_pod_asked_in_the_future_that_begins_to_fail_now_fails_since_it_was_asked(
        self,
    ) -> None:
        one = user("web", B, NOW + 3600, failing_since=NOW)
        assert told(plan_rollout(view((one,), rolling_out()), NOW)) == ["CandidateFailing"]

    @pytest.mark.parametrize("ahead", [0, 1, 60])
    def test_a_clock_that_trembles_asks_nobody_again(self, ahead: float) -> None:
        seen = view((user("web", A, NOW + ahead),), published=(A,))
        assert plan_rollout(seen, NOW).requests == ()

    def test_a_back_off_from_the_future_is_brought_near(self) -> None:
        state = RolloutState(Phase.SETTLED, A, failures=2, not_before=NOW + 86_400)
        plan = plan_rollout(view(fleet(1), state), NOW)
        assert plan.state.not_before == NOW + 2 * PROBATION

    def test_a_step_forward_proves_no_more_than_was_said(self) -> None:
        seen = look(view(fleet(4)), NOW)
        later = plan_rollout(seen, NOW + 86_400)
        assert later.state.candidate == B
        assert later.reason is Reason.STALLED
