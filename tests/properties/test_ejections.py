"""Whatever the fleet and the verdicts are: what ejections never do."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.budget import cap_of, fleet_floor, floor_of
from kubervisor.traffic.evidence import Memory, remember, with_ejection
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.returns import plan_early_returns
from kubervisor.traffic.verdict import Verdict
from tests.builders import NOW
from tests.properties.fleets import Marks, fleets, marks, policies, verdict_of

many = settings(max_examples=120, deadline=None)
turns = st.lists(st.tuples(st.integers(0, 1), marks), min_size=1, max_size=3)
"""Which breaker acts, on which verdict."""


def after(verdict: Verdict, memory: Memory | None = None) -> Memory:
    """The memory in which the verdict's outliers have matched."""
    memory = memory or Memory()
    for _ in range(2):
        memory = remember(memory, verdict, steps=3)
    return memory


def plan_of(fleet: Fleet, verdict: Verdict, breaker: BreakerPolicy, policy: ServicePolicy) -> Plan:
    return plan_ejections(fleet, verdict, breaker, policy, after(verdict), now=NOW)


def with_unconfirmed_ejection(fleet: Fleet, plan: Plan) -> Fleet:
    """The fleet once the plan's first intent is written and not shown yet."""
    uid = plan.intents[0].pod.uid
    neighbours = tuple(replace(n, serving=n.serving - {uid}) for n in fleet.neighbours)
    return replace(fleet, ejecting=fleet.ejecting | {uid}, neighbours=neighbours)


@many
@given(fleets, policies, turns)
def test_breakers_acting_one_after_another_respect_floor_cap_and_neighbours(
    fleet: Fleet, policy: ServicePolicy, turns: list[tuple[int, Marks]]
) -> None:
    before, floor = fleet, fleet_floor(fleet.size, policy)
    memories = [Memory(), Memory()]
    for turn, marked in turns:
        breaker = policy.breakers[turn]
        verdict = verdict_of(fleet, marked, breaker.name)
        memories[turn] = memory = after(verdict, memories[turn])
        while (plan := plan_ejections(fleet, verdict, breaker, policy, memory, now=NOW)).intents:
            fleet = with_unconfirmed_ejection(fleet, plan)
            memory = with_ejection(memory, plan.intents[0].pod.uid, NOW)

            assert len(fleet.serving) >= floor_of(fleet.size, breaker, policy.budget) >= 1
            assert len(fleet.out) <= cap_of(fleet.size, policy.budget)
            for neighbour, whole in zip(fleet.neighbours, before.neighbours, strict=True):
                assert neighbour.serving or not whole.serving
        memories[turn] = memory

    if len(before.serving) >= floor:
        # What our ejections alone left needs no early return.
        assert plan_early_returns(fleet, floor, {}) == Plan()


@many
@given(fleets, policies, marks)
def test_a_plan_explains_every_outlier_and_keeps_within_the_same_limits(
    fleet: Fleet, policy: ServicePolicy, marks: Marks
) -> None:
    breaker = policy.breakers[0]
    verdict = verdict_of(fleet, marks, breaker.name)
    plan = plan_of(fleet, verdict, breaker, policy)

    outliers = {finding.pod for finding in verdict.outliers}
    wished = {pod.uid for pod in fleet.serving if fleet.is_ours(pod)} & outliers
    ejected = [intent.pod.uid for intent in plan.intents]
    refused = [refusal.pod.uid for refusal in plan.refused]
    assert sorted(ejected + refused) == sorted(wished)
    assert all(i.action is Action.EJECT and i.pod in fleet.pods for i in plan.intents)
    assert all(i.hold > 0 and i.retries >= 1 and i.evidence for i in plan.intents)
    assert all(refusal.note for refusal in plan.refused)

    if ejected:
        left = replace(fleet, ejecting=fleet.ejecting | set(ejected))
        assert len(left.serving) >= floor_of(fleet.size, breaker, policy.budget)
        assert len(left.out) <= cap_of(fleet.size, policy.budget)
    for neighbour in fleet.neighbours:
        assert neighbour.serving - set(ejected) or not neighbour.serving & set(ejected)

    scores = {finding.pod: finding.score for finding in verdict.findings}
    taken = [scores[uid] for uid in ejected]
    overflow = [scores[r.pod.uid] for r in plan.refused if r.reason == "BudgetExhausted"]
    assert taken == sorted(taken, reverse=True)
    assert not taken or not overflow or min(taken) >= max(overflow)


@many
@given(fleets, policies, marks)
def test_the_same_input_makes_the_same_plan_and_single_writes_end_where_it_does(
    fleet: Fleet, policy: ServicePolicy, marks: Marks
) -> None:
    breaker = policy.breakers[0]
    verdict = verdict_of(fleet, marks, breaker.name)
    whole = plan_of(fleet, verdict, breaker, policy)
    again = replace(fleet, pods=tuple(replace(pod) for pod in fleet.pods))
    assert plan_of(again, verdict, breaker, policy) == whole

    written = []
    while (plan := plan_of(fleet, verdict, breaker, policy)).intents:
        written.append(plan.intents[0].pod.uid)
        fleet = with_unconfirmed_ejection(fleet, plan)

    expected = [intent.pod.uid for intent in whole.intents]
    assert written == expected[: len(written)]
    # Panic looks at each picture anew: it may stop earlier, never later.
    assert plan.panicking or written == expected
