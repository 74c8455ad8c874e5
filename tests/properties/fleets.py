"""Arbitrary fleets, policies and verdicts, far beyond what a cluster would show.

Strategies are made once and draw little: an example costs about as much as the decision it checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from kubervisor.traffic.model import Fleet, Neighbour, Pod, PodUid, Traffic
from kubervisor.traffic.policy import (
    ActivatorMode,
    ActivatorPolicy,
    BreakerPolicy,
    BudgetPolicy,
    Matches,
    ServicePolicy,
)
from kubervisor.traffic.verdict import Verdict
from tests.builders import NOW, PodDraft, a_breaker, a_pod, a_policy, a_verdict, fleet_of

BREAKERS = ("errors", "latency")
LARGEST = 12

STATES: tuple[Callable[[PodDraft], Pod], ...] = (
    lambda pod: pod,
    lambda pod: pod.of_version("b"),
    PodDraft.bare,
    lambda pod: pod.returned(NOW - 700, retries=4),
    PodDraft.not_ready,
    PodDraft.pending,
    lambda pod: pod.ejected(by=BREAKERS[0], retries=2),
    lambda pod: pod.ejected(by=BREAKERS[1], retries=9),
    lambda pod: pod.bare().ejected(by=BREAKERS[1], retries=9),
    lambda pod: pod.owned_by("StatefulSet").ejected(by=BREAKERS[0], retries=9),
    lambda pod: pod.owned_by("StatefulSet").not_ready(),
    lambda pod: pod.ejected(retries=9).owned_by("ReplicaSet", "another"),
    lambda pod: pod.ejected().not_ready(),
    lambda pod: pod.ejected(by="gone", retries=9, at=None),
    PodDraft.paused,
    PodDraft.held_by_hand,
    lambda pod: pod.held_by_hand(Traffic.PAUSE),
    PodDraft.unlabelled,
    lambda pod: pod.claimed("another"),
    lambda pod: pod.ejected(retries=9).claimed("another"),
)
SERVING = 0

_states = st.lists(st.one_of(st.just(SERVING), st.integers(0, len(STATES) - 1)), max_size=LARGEST)
_few = st.frozensets(st.integers(0, LARGEST - 1), max_size=3)


def _fleet(
    states: list[int],
    ejecting: frozenset[int],
    returning: frozenset[int],
    terminating: frozenset[int],
    shared: frozenset[int] | None,
    *,
    unreplaced: int,
    elsewhere: bool,
) -> Fleet:
    """Unconfirmed writes are where they can be: ejections of serving pods, others of those out."""
    drafts = [a_pod(f"p{index:02}").of_version("a") for index in range(len(states))]
    fleet = fleet_of(
        *(STATES[s](pod) for s, pod in zip(states, drafts, strict=True)), unreplaced=unreplaced
    )
    serving = {index for index, pod in enumerate(fleet.pods) if fleet.is_serving(pod)}
    out = {index for index, pod in enumerate(fleet.pods) if pod.is_out}

    def uids(chosen: frozenset[int] | set[int]) -> frozenset[PodUid]:
        return frozenset(fleet.pods[index].uid for index in chosen)

    neighbours: tuple[Neighbour, ...] = ()
    if shared is not None:
        others = {PodUid("elsewhere")} if elsewhere else set()
        neighbours = (Neighbour("neighbour", uids(shared & serving - ejecting) | others),)
    return replace(
        fleet,
        ejecting=uids(ejecting & serving),
        returning=uids(returning & out),
        terminating=uids(terminating & out),
        neighbours=neighbours,
    )


fleets = st.builds(
    _fleet,
    _states,
    _few,
    _few,
    _few,
    st.none() | _few,
    unreplaced=st.sampled_from([0, 0, 0, 1, 2]),
    elsewhere=st.booleans(),
)


def _breaker(name: str) -> st.SearchStrategy[BreakerPolicy]:
    return st.builds(
        a_breaker,
        st.just(name),
        count=st.none() | st.integers(0, LARGEST),
        ratio=st.none() | st.integers(0, 120),
        activator=st.builds(
            ActivatorPolicy,
            mode=st.sampled_from(ActivatorMode),
            max_retries=st.integers(0, 3),
            max_paused=st.integers(0, 2),
        ),
        matches=st.sampled_from([Matches(), Matches(need=2, of=3)]),
        on_requests=st.booleans(),
    )


_budgets = st.builds(
    BudgetPolicy,
    min_available_count=st.none() | st.integers(0, LARGEST),
    max_ejected_percent=st.none() | st.integers(0, 100),
    panic_threshold_percent=st.none() | st.integers(1, 100),
)


def _policy(
    first: BreakerPolicy, second: BreakerPolicy, budget: BudgetPolicy, peer_group: str | None
) -> ServicePolicy:
    return a_policy(first, second, budget=budget, peer_group=peer_group)


policies = st.builds(
    _policy, *(_breaker(name) for name in BREAKERS), _budgets, st.sampled_from([None, ""])
)

Marks = tuple[list[float | None], bool]
marks = st.tuples(
    st.lists(st.sampled_from([None, 0.0, 1.0, 1.0, 1e9]), min_size=LARGEST, max_size=LARGEST),
    st.booleans(),
)
"""The score of each pod, None where it is no outlier; and whether they are named backwards."""


def verdict_of(fleet: Fleet, marks: Marks, breaker: str) -> Verdict:
    """The verdict in which the marked Ready members are outliers."""
    scores, backwards = marks
    marked = [
        (pod.name, score)
        for pod, score in zip(fleet.pods, scores, strict=False)
        if score is not None and pod.ready
    ]
    return a_verdict(fleet, dict(reversed(marked) if backwards else marked), breaker=breaker)
