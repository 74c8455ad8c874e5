"""Ways back, pins and pauses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import (
    MOST_QUARANTINED,
    Phase,
    Reason,
    RolloutPolicy,
    RolloutState,
)
from kubervisor.datarollout.versions import Version
from tests.datarollout.builders import (
    BACK,
    DEADLINE,
    LONG_AGO,
    NOW,
    PROBATION,
    A,
    B,
    C,
    asked,
    deployed,
    fleet,
    look,
    rolling_out,
    settled,
    taken_back,
    told,
    user,
    version,
    view,
)


class TestTheWayBack:
    """From the gate that failed to all pods' having the last known good version again."""

    def test_it_lasts_until_all_deployers_say_so(self) -> None:
        waits = view((*fleet(2), user("web-9", A, NOW - 60, has=B)), BACK, published=(A,))
        plan = plan_rollout(waits, NOW)
        assert (plan.state.phase, plan.reason) == (Phase.ROLLING_BACK, Reason.CANDIDATE_FAILING)
        assert "web-9" in plan.message
        plan = plan_rollout(deployed(waits, NOW), NOW)
        assert (plan.state.phase, told(plan)) == (Phase.SETTLED, ["RolledBack"])

    def test_a_pod_without_a_deployer_is_not_waited_for(self) -> None:
        users = (user("web", A, NOW - 60, silent=True),)
        assert plan_rollout(view(users, BACK, published=(A,)), NOW).state.phase is Phase.SETTLED

    @pytest.mark.parametrize(
        ("since", "phase"),
        [(DEADLINE, Phase.ROLLING_BACK), (DEADLINE + 1, Phase.SETTLED)],
    )
    def test_one_that_never_comes_back_is_waited_for_as_long_as_the_deadline(
        self, since: float, phase: Phase
    ) -> None:
        users = (user("web", A, LONG_AGO, has=B),)
        state = replace(BACK, stage_at=NOW - since)
        assert plan_rollout(view(users, state, published=(A,)), NOW).state.phase is phase

    def test_nothing_goes_out_meanwhile(self) -> None:
        seen = view((*fleet(3), user("web-9", A, NOW - 60, has=B)), BACK, published=(A, C))
        assert plan_rollout(seen, NOW).state.candidate is None

    def test_the_next_version_goes_out_after_the_back_off(self) -> None:
        state = RolloutState(
            Phase.SETTLED, A, quarantine=(taken_back(B),), failures=1, not_before=NOW + 60
        )
        seen = view(fleet(2), state, published=(A, B, C))
        early = plan_rollout(seen, NOW + 59)
        assert (early.reason, early.requests) == (Reason.BACK_OFF, ())
        assert "2023-11-14T22:14:20Z" in early.message
        assert asked(plan_rollout(seen, NOW + 60)) == {"web-001": C}

    def test_what_was_taken_back_never_goes_out_again_by_itself(self) -> None:
        state = RolloutState(Phase.SETTLED, A, quarantine=(taken_back(B),))
        plan = plan_rollout(view(fleet(2), state), NOW)
        assert (plan.reason, plan.requests) == (Reason.QUARANTINED, ())
        assert "b.tar.zst" in plan.message

    def test_nor_under_another_name(self) -> None:
        again = version("d", content="b")
        state = RolloutState(Phase.SETTLED, A, quarantine=(taken_back(B),))
        plan = plan_rollout(view(fleet(2), state, published=(A, B, again)), NOW)
        assert plan.requests == ()

    def test_a_success_ends_the_row_of_failures(self) -> None:
        state = replace(rolling_out(stage=1), failures=3, quarantine=(taken_back(B), taken_back(C)))
        policy = RolloutPolicy(pin=B.path, generation=2)
        plan = plan_rollout(view(fleet(2, B), state, policy), NOW)
        assert (plan.state.failures, plan.state.not_before) == (0, 0.0)
        assert [entry.version for entry in plan.state.quarantine] == [C]

    def test_the_list_keeps_the_last_so_many(self) -> None:
        many = tuple(taken_back(version(f"z{n}")) for n in range(MOST_QUARANTINED))
        state = replace(rolling_out(), quarantine=many)
        failing = (user("web", B, NOW - 60, failing_since=NOW),)
        plan = plan_rollout(view(failing, state), NOW)
        assert len(plan.state.quarantine) == MOST_QUARANTINED
        assert plan.state.quarantine[-1].version == B

    def test_pods_whose_requests_were_not_written_are_asked_at_the_next_look(self) -> None:
        users = (user("web-1", B, NOW - 60), *fleet(2))
        plan = plan_rollout(view(users, BACK, published=(A,)), NOW)
        assert asked(plan) == {"web-1": A}


class TestPin:
    """A version that people asked for."""

    @pytest.mark.parametrize(
        "pin", [A.path, A.sha256, A.sha256.lower(), A.path[:6], A.sha256[:6].lower()]
    )
    def test_it_goes_out_in_stages_even_if_it_is_older(self, pin: str) -> None:
        seen = view(fleet(4, B), settled(B), RolloutPolicy(pin=pin))
        plan = plan_rollout(seen, NOW)
        assert told(plan) == ["CandidateChosen"]
        assert asked(plan) == {"web-003": A}

    def test_where_it_is_the_last_known_good_nothing_moves(self) -> None:
        plan = plan_rollout(view(fleet(4), policy=RolloutPolicy(pin=A.path)), NOW)
        assert (plan.reason, plan.requests) == (Reason.PINNED, ())

    def test_the_candidate_that_is_not_pinned_goes_home_without_a_stain(self) -> None:
        seen = view((*fleet(3), *fleet(1, B, first=3)), rolling_out(), RolloutPolicy(pin=A.path))
        plan = plan_rollout(seen, NOW)
        assert told(plan) == ["Withdrawn"]
        assert asked(plan) == {"web-003": A}
        assert (plan.state.quarantine, plan.state.failures, plan.state.not_before) == ((), 0, 0.0)

    def test_the_candidate_that_is_pinned_goes_on(self) -> None:
        seen = view((*fleet(3), *fleet(1, B, first=3)), rolling_out(), RolloutPolicy(pin=B.path))
        assert told(plan_rollout(seen, NOW)) == ["StageBegun"]

    @pytest.mark.parametrize("pin", ["unknown-version", "b.tar", "0" * 64])
    def test_one_that_nobody_knows_stops_everything(self, pin: str) -> None:
        plan = plan_rollout(view(fleet(4), policy=RolloutPolicy(pin=pin)), NOW)
        assert (plan.reason, plan.requests, told(plan)) == (Reason.PINNED, (), ["Pinned"])
        assert pin in plan.message

    def test_one_that_could_be_either_of_two_stops_everything(self) -> None:
        some = (A, version("beta-1", NOW - 9), version("beta-2", NOW - 8))
        plan = plan_rollout(view(fleet(4), None, RolloutPolicy(pin="beta-"), some), NOW)
        assert plan.requests == ()
        plan = plan_rollout(view(fleet(4), None, RolloutPolicy(pin="beta-1.tar"), some), NOW)
        assert plan.state.candidate == some[1]

    def test_a_whole_name_goes_before_the_beginning_of_another(self) -> None:
        exact = Version("beta-1", "1" * 64, NOW - 9)
        some = (A, exact, Version("beta-1.tar.zst", "2" * 64, NOW - 8))
        plan = plan_rollout(view(fleet(4), None, RolloutPolicy(pin="beta-1"), some), NOW)
        assert plan.state.candidate == exact

    @pytest.mark.parametrize(("generation", "lifted"), [(1, False), (2, True)])
    def test_a_later_pin_tries_once_more_what_was_taken_back(
        self, generation: int, lifted: bool
    ) -> None:
        state = RolloutState(
            Phase.SETTLED, A, quarantine=(taken_back(B, 1),), failures=1, not_before=NOW + 300
        )
        policy = RolloutPolicy(pin=B.path, generation=generation)
        plan = plan_rollout(view(fleet(1), state, policy), NOW)
        assert (plan.state.candidate == B) is lifted
        assert (plan.reason is Reason.QUARANTINED) is not lifted

    def test_taken_back_again_it_wants_a_still_later_pin(self) -> None:
        state = replace(rolling_out(), quarantine=(taken_back(B, 1),))
        policy = RolloutPolicy(pin=B.path, generation=2)
        failing = (user("web", B, NOW - 60, failing_since=NOW),)
        seen = look(view(failing, state, policy))
        assert [entry.generation for entry in seen.state.quarantine] == [2]
        later = plan_rollout(deployed(seen, NOW), NOW + 16 * PROBATION)
        assert (later.state.candidate, later.reason) == (None, Reason.QUARANTINED)

    def test_unpinned_on_its_way_it_goes_home_if_it_was_taken_back_before(self) -> None:
        state = replace(rolling_out(), quarantine=(taken_back(B, 1),))
        plan = plan_rollout(view(fleet(1, B), state, RolloutPolicy(generation=3)), NOW)
        assert asked(plan) == {"web-000": A}
        assert told(plan) == ["Withdrawn"]

    def test_unpinned_on_its_way_it_goes_home_if_it_is_older(self) -> None:
        plan = plan_rollout(view(fleet(1, A), rolling_out(A, B)), NOW)
        assert asked(plan) == {"web-000": B}
        assert plan.state.candidate is None

    def test_the_first_version_is_the_pinned_one(self) -> None:
        seen = view(fleet(1, None), RolloutState(), RolloutPolicy(pin=A.path))
        assert asked(plan_rollout(seen, NOW)) == {"web-000": A}

    def test_and_none_where_the_pin_is_unknown(self) -> None:
        seen = view(fleet(1, None), RolloutState(), RolloutPolicy(pin="unknown-version"))
        plan = plan_rollout(seen, NOW)
        assert (plan.requests, plan.reason) == ((), Reason.PINNED)


class TestPause:
    def test_nothing_goes_further(self) -> None:
        seen = view((*fleet(3), *fleet(1, B, first=3)), rolling_out(), RolloutPolicy(paused=True))
        plan = plan_rollout(seen, NOW)
        assert (plan.requests, plan.news, plan.reason) == ((), (), Reason.PAUSED)

    def test_nothing_begins(self) -> None:
        plan = plan_rollout(view(fleet(3), policy=RolloutPolicy(paused=True)), NOW)
        assert plan.state.candidate is None

    def test_new_pods_get_the_last_known_good(self) -> None:
        seen = view(fleet(1, None), rolling_out(), RolloutPolicy(paused=True))
        assert asked(plan_rollout(seen, NOW)) == {"web-000": A}

    def test_pods_that_have_nothing_get_a_first_version(self) -> None:
        seen = view(fleet(1, None), RolloutState(), RolloutPolicy(paused=True))
        assert asked(plan_rollout(seen, NOW)) == {"web-000": B}
