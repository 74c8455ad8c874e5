"""Faults that move: a client whose requests spoil whichever pod they reach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.evidence import Memory, remember, with_ejection
from kubervisor.traffic.moving_faults import has_risen
from kubervisor.traffic.plan import Action, Plan
from tests.builders import NOW, FleetDraft, a_breaker, a_fleet, a_policy, a_verdict, names, reasons

STEP, WINDOW = 5.0, 30.0


class Story:
    """A breaker's steps, five seconds apart, and the ejections it writes."""

    def __init__(self, size: int = 10, *, on_requests: bool = True) -> None:
        self.fleet: FleetDraft = a_fleet(size)
        self.breaker = a_breaker(on_requests=on_requests)
        self.memory = Memory()
        self.now = NOW
        self.out: list[str] = []

    def step(
        self, *outliers: str, inconclusive: tuple[str, ...] = (), baseline: float | None = None
    ) -> Plan:
        """One step in which these pods are outliers; all that it plans is done."""
        self.now += STEP
        serving = [name for name in outliers if name not in self.out]
        verdict = a_verdict(
            self.fleet,
            serving,
            at=self.now,
            window=WINDOW,
            inconclusive=(*inconclusive, *self.out),
        )
        if baseline is not None:
            facts = {"baseline": baseline}
            found = tuple(replace(finding, facts=facts) for finding in verdict.findings)
            verdict = replace(verdict, findings=found)
        self.memory = remember(self.memory, verdict, steps=1)
        plan = plan_ejections(
            self.fleet, verdict, self.breaker, a_policy(self.breaker), self.memory, now=self.now
        )
        for intent in plan.intents:
            self.out.append(intent.pod.name)
            at = self.now + 0.2
            self.memory = with_ejection(self.memory, intent.pod.uid, at)
        self.fleet = self.fleet.with_unconfirmed(Action.EJECT, *self.out)
        return plan

    def quiet(self, steps: int = 3) -> None:
        for _ in range(steps):
            self.step()

    def until_ejected(self, *outliers: str) -> float:
        """Seconds until the first of these is ejected."""
        since = self.now
        for _ in range(60):
            if self.step(*outliers).intents:
                return self.now - since
        raise AssertionError("nobody was ejected in 60 steps")


def test_a_poison_client_that_hops_is_held_back() -> None:
    story = Story()
    story.quiet()
    assert names(story.step("pricer-00")) == ["pricer-00"]

    plan = story.step("pricer-01")

    assert plan.intents == ()
    assert reasons(plan) == {"pricer-01": "FaultMoves"}


def test_after_two_windows_it_may_be_ejected() -> None:
    story = Story()
    story.quiet()
    story.step("pricer-00")

    assert story.until_ejected("pricer-01") == STEP + 2 * WINDOW
    assert story.out == ["pricer-00", "pricer-01"]


def test_of_pods_that_went_bad_together_one_is_ejected_at_once_and_the_others_soon() -> None:
    story = Story()
    story.quiet()
    together = ("pricer-00", "pricer-01", "pricer-02")

    assert names(story.step(*together)) == ["pricer-00"]
    assert reasons(story.step(*together[1:])) == dict.fromkeys(together[1:], "FaultMoves")
    story.step(*together[1:])
    story.step(*together[1:])
    assert names(story.step(*together[1:])) == ["pricer-01", "pricer-02"]


@pytest.mark.parametrize("apart", [1, 2, 3, 6], ids=lambda n: f"{n * STEP:g} seconds apart")
def test_a_fault_that_reaches_one_pod_after_the_other_costs_one_ejection(apart: int) -> None:
    story = Story()
    story.quiet()
    hit: list[str] = []
    for number in range(4):
        hit.append(f"pricer-0{number}")
        for _ in range(apart):
            story.step(*hit)

    assert story.out == ["pricer-00"]


def test_a_pod_that_was_an_outlier_before_the_ejection_is_not_concerned() -> None:
    story = Story(3)
    story.breaker = a_breaker(on_requests=True, count=2)
    story.quiet()
    assert names(story.step("pricer-00", "pricer-01")) == ["pricer-00"]

    assert reasons(story.step("pricer-01")) == {"pricer-01": "BudgetExhausted"}


def test_two_pods_that_follow_one_ejection_stop_the_breaker() -> None:
    story = Story()
    story.quiet()
    story.step("pricer-00")
    story.step("pricer-01", "pricer-02", inconclusive=("pricer-07",))

    plan = story.step("pricer-01", "pricer-02", "pricer-03")

    assert plan.intents == ()
    assert set(reasons(plan).values()) == {"FaultMoves"}


def test_a_second_hop_stops_the_breaker_for_two_windows() -> None:
    story = Story()
    story.fleet = a_fleet(10).with_not_ready(1)  # pricer-09 starts later and is at no level before
    story.quiet()
    story.step("pricer-00")
    story.until_ejected("pricer-01")
    story.step("pricer-02")  # the second hop
    story.fleet = a_fleet(10).with_unconfirmed(Action.EJECT, *story.out)

    plan = story.step("pricer-02", "pricer-09")

    assert plan.intents == ()
    assert reasons(plan) == {"pricer-02": "FaultMoves", "pricer-09": "FaultMoves"}


def test_a_pod_never_seen_fine_is_not_said_to_follow() -> None:
    story = Story()
    fresh = ("pricer-01",)
    for _ in range(3):
        story.step(inconclusive=fresh)
    story.step("pricer-00", inconclusive=fresh)

    assert story.until_ejected("pricer-01") == 5 * STEP  # as soon as nothing spreads


def test_an_ejection_long_ago_explains_nothing() -> None:
    story = Story()
    story.quiet()
    story.step("pricer-00")
    story.quiet(steps=int(2 * WINDOW / STEP) + 1)
    story.fleet = a_fleet(10)  # the watch has shown it, and it is back

    assert names(story.step("pricer-01")) == ["pricer-01"]


def test_the_rule_is_for_detectors_of_request_outcomes_only() -> None:
    story = Story(on_requests=False)
    story.quiet()
    story.step("pricer-00")

    assert names(story.step("pricer-01")) == ["pricer-01"]


@pytest.mark.parametrize(
    ("before", "now", "risen"),
    [
        pytest.param(1.0, 16.5, True, id="the peers fail as well"),
        pytest.param(1.0, 5.9, False, id="less than five points more"),
        pytest.param(10.0, 20.0, False, id="less than three times as often"),
        pytest.param(None, 20.0, False, id="nothing is known of before"),
    ],
)
def test_peers_have_risen_by_factor_and_points(
    before: float | None, now: float, risen: bool
) -> None:
    assert has_risen(before, now) is risen


def test_a_pod_whose_peers_come_to_fail_as_well_is_not_ejected_again() -> None:
    story = Story(3)
    story.quiet()
    story.step("pricer-00")
    story.out.clear()
    story.fleet = a_fleet(3)
    uid = next(pod.uid for pod in story.fleet.pods if pod.name == "pricer-00")
    hit = replace(story.memory.streaks[uid], level=1.0)
    story.memory = replace(story.memory, streaks={**story.memory.streaks, uid: hit})
    for _ in range(5):
        plan = story.step("pricer-00", baseline=16.5)
        assert reasons(plan) == {"pricer-00": "FaultMoves"}
