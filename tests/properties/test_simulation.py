"""Simulated weeks: random outliers, crashes, scalings, watch lag and restarts.

The world asserts at every write that it left the floor (I1), and that terminations are one at a
time; here we assert that once disturbances stop, every pod serves again (I7) and nothing is written
any more (I9).
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.traffic.model import Traffic
from kubervisor.traffic.policy import BudgetPolicy, ServicePolicy
from tests.builders import a_breaker, a_policy, an_activator
from tests.properties.world import STEP, World

ACTIVATORS = (
    an_activator(period=20),
    an_activator("retryAndKill", period=20, max_retries=1),
    an_activator("retryAndPause", period=20, max_retries=1, max_paused=1),
    an_activator(period=20, max_period=60, return_stagger=10, jitter_percent=10),
)
BUDGETS = (
    BudgetPolicy(),
    BudgetPolicy(max_ejected_percent=30, panic_threshold_percent=60),
    BudgetPolicy(min_available_percent=70),
)

policies = st.builds(
    lambda count, ratio, activator, budget: a_policy(
        a_breaker("errors", ratio=ratio, activator=activator),
        a_breaker("latency", count=count, activator=activator),
        budget=budget,
    ),
    st.integers(0, 4),
    st.sampled_from([0, 34, 50, 80]),
    st.sampled_from(ACTIVATORS),
    st.sampled_from(BUDGETS),
)


def live(world: World, steps: int, *, disturbed: bool, lag: float) -> None:
    for _ in range(steps):
        world.now += STEP
        if disturbed:
            world.disturb()
        else:
            world.calm()
        world.catch_up(1 - lag)
        for breaker in world.policy.breakers:
            world.judge(breaker)
        world.activate()


@settings(max_examples=60, deadline=None)
@given(
    policy=policies,
    size=st.integers(1, 12),
    seed=st.integers(0, 2**32),
    lag=st.sampled_from([0.0, 0.3, 0.8]),
    restarts=st.integers(0, 2),
)
def test_whatever_happens_the_floor_holds_and_all_pods_serve_in_the_end(
    policy: ServicePolicy, size: int, seed: int, lag: float, restarts: int
) -> None:
    world = World(policy, size, seed)
    for _ in range(restarts + 1):
        live(world, 20, disturbed=True, lag=lag)
        world.restart()

    live(world, 60, disturbed=False, lag=0.0)

    paused = [p.name for p in world.stored.values() if p.traffic is Traffic.PAUSE]
    assert sorted(world.stranded) == sorted(paused)
    assert len(paused) <= 1

    versions = {uid: pod.version for uid, pod in world.stored.items()}
    live(world, 5, disturbed=False, lag=0.0)
    assert {uid: pod.version for uid, pod in world.stored.items()} == versions


def test_the_simulation_does_eject_return_and_terminate() -> None:
    """A world in which nothing happens would prove nothing."""
    policy = a_policy(a_breaker("errors", activator=ACTIVATORS[1]))
    ejections = terminations = 0
    for seed in range(5):
        world = World(policy, 8, seed)
        live(world, 60, disturbed=True, lag=0.3)
        ejections += world.ejections
        terminations += world.terminations

    assert ejections > 20
    assert terminations > 2
