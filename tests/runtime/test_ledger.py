"""The ledger: holds on the monotonic clock, terminations awaiting a replacement, confirmations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.runtime.ledger import (
    REMEMBERED_DECISIONS,
    REPLACEMENT_AWAITED,
    Decision,
    Ledger,
    SourceProblem,
)
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.reasons import Reason
from tests.builders import (
    NOW,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    a_verdict,
    an_activator,
    fleet_of,
)

HOUR = 3600.0
POLICY = a_policy(activator=an_activator(period=60))


def left(
    ledger: Ledger,
    fleet: Fleet,
    *,
    at: float,
    wall_step: float = 0.0,
    policy: ServicePolicy = POLICY,
) -> dict[str, float]:
    """Seconds left by pod name, `at` monotonic seconds; the wall clock may have been stepped."""
    by_uid = ledger.remaining(fleet, policy, now=at, wall=NOW + at + wall_step)
    return {pod.name: by_uid[pod.uid] for pod in fleet.pods if pod.uid in by_uid}


class TestHolds:
    """A hold is looked at once by the wall clock, then counted by the monotonic one."""

    FLEET = fleet_of(a_pod("x").ejected(at=NOW, until=NOW + 60), a_pod("y"))

    def test_it_runs_down(self) -> None:
        ledger = Ledger()

        assert left(ledger, self.FLEET, at=0) == {"x": 60}
        assert left(ledger, self.FLEET, at=45) == {"x": 15}
        assert left(ledger, self.FLEET, at=70) == {"x": -10}

    @pytest.mark.parametrize("step", [HOUR, -HOUR])
    def test_a_clock_step_changes_no_hold_that_runs(self, step: float) -> None:
        ledger = Ledger()
        left(ledger, self.FLEET, at=0)

        assert left(ledger, self.FLEET, at=45, wall_step=step) == {"x": 15}

    def test_after_a_restart_it_goes_on_where_the_pod_says(self) -> None:
        assert left(Ledger(), self.FLEET, at=45) == {"x": 15}

    def test_after_a_restart_a_clock_an_hour_behind_holds_no_longer_than_configured(self) -> None:
        assert left(Ledger(), self.FLEET, at=0, wall_step=-HOUR) == {"x": 60}

    def test_an_ejection_without_a_time_counts_from_its_first_sight(self) -> None:
        ledger = Ledger()
        fleet = fleet_of(a_pod("x").ejected(at=None))

        assert left(ledger, fleet, at=0) == {"x": 60}
        assert left(ledger, fleet, at=59) == {"x": 1}

    def test_our_own_ejection_runs_from_when_it_was_written(self) -> None:
        ledger = Ledger()
        ledger.ejected(a_pod("x"), "errors", "id-2", now=10, wall=NOW + 10, hold=30)
        shown = fleet_of(a_pod("x").ejected(at=NOW - HOUR, until=NOW - HOUR, id="id-2"))

        assert left(ledger, shown, at=15) == {"x": 25}

    def test_another_ejection_of_the_pod_starts_anew(self) -> None:
        ledger = Ledger()
        left(ledger, self.FLEET, at=0)
        again = fleet_of(a_pod("x").ejected(at=NOW + 50, until=NOW + 110, id="another"))

        assert left(ledger, again, at=55) == {"x": 55}

    def test_a_new_policy_looks_at_them_anew(self) -> None:
        ledger = Ledger()
        left(ledger, self.FLEET, at=0)
        ledger.holds.restart()
        shorter = a_policy(activator=an_activator(period=20))

        assert left(ledger, self.FLEET, at=5, policy=shorter) == {"x": 20}

    def test_while_frozen_they_stand_still(self) -> None:
        ledger = Ledger()
        left(ledger, self.FLEET, at=0)
        assert ledger.holds.freeze(10) == 0
        assert ledger.holds.freeze(10 + HOUR) == HOUR
        ledger.holds.thaw(10 + HOUR)
        ledger.holds.thaw(10 + HOUR)

        assert left(ledger, self.FLEET, at=20 + HOUR) == {"x": 40}

    def test_pods_that_are_gone_are_forgotten(self) -> None:
        ledger = Ledger()
        left(ledger, self.FLEET, at=0)
        left(ledger, fleet_of(a_pod("y")), at=1)

        assert ledger.still_flagged(now=1) == {}
        assert ledger.holds.ejections == set()


class TestReplacements:
    """A terminated pod counts as a member until a pod that is new here exists, at most 10 min."""

    BEFORE = a_fleet(3)

    def terminated(self) -> Ledger:
        ledger = Ledger()
        ledger.terminated(self.BEFORE, now=0)
        return ledger

    def test_while_it_is_still_shown_it_is_counted_there(self) -> None:
        assert self.terminated().unreplaced(self.BEFORE.pods, now=1) == 0

    def test_once_gone_it_is_unreplaced(self) -> None:
        assert self.terminated().unreplaced(self.BEFORE.pods[1:], now=1) == 1

    def test_a_new_pod_replaces_it(self) -> None:
        ledger = self.terminated()

        assert ledger.unreplaced((*self.BEFORE.pods[1:], a_pod("new")), now=1) == 0
        assert ledger.unreplaced(self.BEFORE.pods[1:], now=2) == 0

    def test_a_new_pod_replaces_it_even_before_it_is_gone(self) -> None:
        ledger = self.terminated()

        assert ledger.unreplaced((*self.BEFORE.pods, a_pod("new")), now=1) == 0

    def test_it_is_not_awaited_for_ever(self) -> None:
        ledger = self.terminated()

        assert ledger.unreplaced(self.BEFORE.pods[1:], now=REPLACEMENT_AWAITED - 1) == 1
        assert ledger.unreplaced(self.BEFORE.pods[1:], now=REPLACEMENT_AWAITED) == 0


class TestConfirmations:
    """After a restart, only an ejection that a live evaluation asks for may end in one."""

    FLEET = fleet_of(a_pod("x").ejected(), a_pod("y").ejected(by="latency"), a_pod("z"))

    def confirmed(self, *outliers: str, breaker: str = "errors") -> set[str]:
        ledger = Ledger()
        ledger.confirm(self.FLEET, a_verdict(self.FLEET, outliers, breaker=breaker))
        return {uid.removeprefix("uid-of-") for uid, _ in ledger.confirmed}

    def test_an_ejected_outlier_is_confirmed(self) -> None:
        assert self.confirmed("x") == {"x"}

    def test_by_the_breaker_that_ejected_it_only(self) -> None:
        assert self.confirmed("x", "y", breaker="latency") == {"y"}

    def test_a_serving_outlier_has_nothing_to_confirm(self) -> None:
        assert self.confirmed("z") == set()

    def test_one_ejection_of_the_original_does_not_confirm_another(self) -> None:
        """The original gave its ejections no id."""
        fleet = fleet_of(a_pod("x").ejected(id=""), a_pod("y").ejected(id=""))
        ledger = Ledger()
        ledger.confirm(fleet, a_verdict(fleet, ["x"]))

        assert ledger.confirmed == {(a_pod("x").uid, "")}

    def test_our_own_ejection_is_confirmed_before_the_watch_shows_it(self) -> None:
        ledger = Ledger()
        ledger.ejected(a_pod("x"), "errors", "id", now=0, wall=NOW, hold=60)
        left(ledger, fleet_of(a_pod("x"), a_pod("y")), at=0)

        assert ledger.confirmed == {(a_pod("x").uid, "id")}

    def test_it_is_forgotten_when_the_pod_has_returned_and_is_gone(self) -> None:
        ledger = Ledger()
        ledger.confirm(self.FLEET, a_verdict(self.FLEET, ["x"]))
        left(ledger, fleet_of(a_pod("z")), at=0)

        assert ledger.confirmed == set()


class TestJudging:
    """What a verdict leaves in the ledger."""

    def test_steps_are_remembered_by_breaker(self) -> None:
        ledger, fleet = Ledger(), a_fleet(2)
        ledger.judged(a_verdict(fleet, {"pricer-00": 4.0}, breaker="a"), a_breaker("a"))
        ledger.judged(a_verdict(fleet, {"pricer-00": 7.0}, breaker="b"), a_breaker("b"))

        assert set(ledger.memories) == {"a", "b"}
        assert ledger.scores()[fleet.pod("pricer-00").uid] == 7.0
        assert ledger.answered == {"a", "b"}

    def test_an_answer_ends_the_sources_problem(self) -> None:
        ledger = Ledger(problems={"errors": SourceProblem("SourceTimeout", "late")})
        ledger.judged(a_verdict(a_fleet(1), []), a_breaker())

        assert ledger.problems == {}

    def test_no_samples_are_noted_until_there_are_some(self) -> None:
        ledger, some = Ledger(), a_verdict(a_fleet(1), [])
        ledger.judged(replace(some, reason=Reason.NO_SAMPLES), a_breaker())
        assert ledger.no_samples == {"errors"}

        ledger.judged(some, a_breaker())
        assert ledger.no_samples == frozenset()

    def test_pods_flagged_without_traffic_are_those_of_the_latest_verdict(self) -> None:
        ledger = Ledger()
        fleet = fleet_of(a_pod("x").ejected(at=NOW, until=NOW + 60), a_pod("y"))
        left(ledger, fleet, at=0)
        ledger.judged(a_verdict(fleet, ["x", "y"]), a_breaker())
        assert ledger.still_flagged(now=20) == {a_pod("x").uid: 20}

        ledger.judged(a_verdict(fleet, []), a_breaker())
        assert ledger.still_flagged(now=20) == {}

    def test_breakers_that_are_gone_are_forgotten(self) -> None:
        ledger = Ledger(problems={"gone": SourceProblem("SourceTimeout", "late")})
        ledger.judged(a_verdict(a_fleet(1), [], breaker="gone"), a_breaker("gone"))
        ledger.judged(a_verdict(a_fleet(1), []), a_breaker())
        ledger.exhausted["gone"] = "no room"
        ledger.keep_breakers(a_policy(a_breaker()))

        assert set(ledger.memories) == {"errors"}
        assert ledger.problems == {}
        assert ledger.exhausted == {}


def test_the_latest_decisions_are_kept() -> None:
    ledger = Ledger()
    for index in range(REMEMBERED_DECISIONS + 5):
        ledger.record(Decision(NOW + index, "Ejected", "x", "u", "errors", "Outlier", ""))

    assert len(ledger.decisions) == REMEMBERED_DECISIONS
    assert ledger.decisions[-1].at == NOW + REMEMBERED_DECISIONS + 4


def test_what_is_being_paused_is_remembered_until_the_watch_shows_it() -> None:
    ledger = Ledger(pausing={a_pod("x").uid, a_pod("y").uid, a_pod("gone").uid})
    left(ledger, fleet_of(a_pod("x").ejected(), a_pod("y").paused()), at=0)

    assert ledger.pausing == {a_pod("x").uid}
