"""Skipping steps that cannot matter must not change anything."""

from __future__ import annotations

import numpy as np
import pytest

from kubervisor.simulation import guarded
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.loop import run
from kubervisor.simulation.quiet import QuietSteps
from kubervisor.simulation.record import Record
from kubervisor.simulation.scenario import Fault, Memory, Scenario, Scrapes, Traffic
from kubervisor.simulation.scraping import Scraper
from kubervisor.simulation.screens import quiet_steps
from kubervisor.simulation.world import World
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from tests.simulation.fleets import a_policy

NOISY = Traffic(error_percent=5, error_cv=1.0)


def every_step(
    world: World, _scraper: Scraper, breaker: BreakerPolicy, _group: str | None, *, first: int
) -> QuietSteps:
    """The steps as they would be without a screening."""
    period = round(breaker.period / world.scenario.tick)
    return QuietSteps(world.scenario, None, first=first, period=period, unsettled=0, memory=1)


@pytest.mark.parametrize(
    ("policy", "scenario"),
    [
        (a_policy(), Scenario(pods=5, duration=3600, tick=5, traffic=NOISY)),
        (a_policy(minimumEffect=0.01), Scenario(pods=8, duration=1800, tick=5, traffic=NOISY)),
        (a_policy(alpha=0.01), Scenario(pods=2, duration=3600, tick=5, traffic=NOISY)),
        (a_policy(), Scenario(pods=6, new=(4, 5), traffic=NOISY, duration=1800)),
        (
            a_policy(),
            Scenario(pods=5, faults=(Fault(pods=(1, 2), start=100, error_percent=8),)),
        ),
        (
            a_policy(),
            Scenario(
                pods=5,
                memory=Memory(),
                scrapes=Scrapes(interval=15),
                faults=(Fault(start=100, duration=200, error_percent=50),),
            ),
        ),
    ],
    ids=[
        "pods that differ much",
        "a touchy breaker",
        "two pods",
        "two versions",
        "two gray pods",
        "slow scrapes",
    ],
)
def test_a_run_is_the_same_with_every_step_looked_at(
    policy: ServicePolicy, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = range(2)
    quick = [run(scenario, guarded_by(policy), seed=seed) for seed in seeds]
    monkeypatch.setattr(guarded, "quiet_steps", every_step)
    full = [run(scenario, guarded_by(policy), seed=seed) for seed in seeds]
    assert [ejections(record) for record in quick] == [ejections(record) for record in full]
    assert any(record.ejections for record in full), "else the test shows nothing"


def ejections(record: Record) -> list[tuple[float, int]]:
    return [(action.at, action.pod) for action in record.ejections]


def test_a_healthy_day_is_hardly_looked_at() -> None:
    scenario = Scenario(pods=3, duration=86_400, tick=5)
    world = World(scenario, np.random.default_rng(1))
    scraper = Scraper(world, np.random.default_rng(1))
    (breaker,) = a_policy().breakers
    quiet = quiet_steps(world, scraper, breaker, "", first=1)
    serving = np.ones(3, dtype=bool)
    steps, tick = 0, quiet.next_step(0, serving)
    while tick is not None:
        steps, tick = steps + 1, quiet.next_step(tick, serving)
    assert steps < 100, "of 17,280"


def test_after_an_outlier_and_after_a_change_every_step_is_looked_at() -> None:
    scenario = Scenario(pods=2, duration=1000, faults=(Fault(),))
    quiet = QuietSteps(
        scenario,
        lambda ticks, _: np.zeros(len(ticks), dtype=bool),
        first=5,
        period=5,
        unsettled=20,
        memory=2,
    )
    both, one = np.array([True, True]), np.array([True, False])
    assert [quiet.next_step(0, both), quiet.next_step(5, both), quiet.next_step(10, both)] == [
        5,
        10,
        15,
    ]
    assert quiet.next_step(15, both) is None
    quiet.outlier_at(100)
    assert quiet.next_step(100, both) == 105
    assert quiet.next_step(110, both) is None
    assert quiet.next_step(500, one) == 505
    assert quiet.next_step(520, one) is None
