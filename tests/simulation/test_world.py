from __future__ import annotations

import numpy as np
import pytest

from kubervisor.simulation.load import ErrorShares, fleet_load, weights
from kubervisor.simulation.scenario import Fault, Memory, Scenario, Traffic
from kubervisor.simulation.world import World
from tests.simulation.fleets import a_world

STEADY = Traffic(burst=0, diurnal=0, error_cv=0)


def without(world: World, pod: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    serving = np.ones(world.scenario.pods, dtype=bool)
    serving[pod] = False
    return serving


def test_load_has_the_mean_that_was_asked_for() -> None:
    scenario = Scenario(pods=10, duration=86_400, tick=5)
    load = fleet_load(scenario, np.random.default_rng(1))
    assert load.mean() == pytest.approx(200, rel=0.05)
    assert load.min() > 0
    assert load.std() > 20


@pytest.mark.parametrize("cv", [0.0, 0.5, 1.0], ids=lambda cv: f"pods differ by {cv}")
def test_pods_differ_in_their_share_of_errors_as_asked(cv: float) -> None:
    scenario = Scenario(pods=500, duration=600, traffic=Traffic(error_percent=2, error_cv=cv))
    shares = ErrorShares(scenario, np.random.default_rng(2)).between(0, 1)[0]
    assert shares.mean() == pytest.approx(0.02, rel=0.15)
    assert shares.std() / shares.mean() == pytest.approx(cv, abs=0.12)


def test_sticky_clients_load_pods_unevenly_and_the_fleet_the_same() -> None:
    drawn = weights(Scenario(pods=1000, traffic=Traffic(weight_cv=0.5)), np.random.default_rng(3))
    assert drawn.mean() == pytest.approx(1)
    assert drawn.std() == pytest.approx(0.5, rel=0.15)


def test_traffic_follows_ejections() -> None:
    scenario = Scenario(pods=4, duration=400, traffic=STEADY)
    world = World(scenario, np.random.default_rng(4))
    world.reach(200)
    world.route(without(world, 2), 200)
    world.reach(400)
    served = world.successes + world.failures
    assert served[-1, 2] == served[200, 2]
    before, after = served[200] - served[0], served[400] - served[200]
    assert after.sum() == pytest.approx(before.sum(), rel=0.05)
    assert after[0] == pytest.approx(before[0] * 4 / 3, rel=0.05)


def test_queues_grow_where_load_shifts() -> None:
    scenario = Scenario(pods=2, duration=400, traffic=STEADY)
    world = World(scenario, np.random.default_rng(5))
    world.reach(200)
    world.route(without(world, 1), 200)
    world.reach(400)
    served = world.successes + world.failures
    latency = [
        (world.seconds[last, 0] - world.seconds[first, 0]) / (served[last, 0] - served[first, 0])
        for first, last in ((0, 200), (200, 400))
    ]
    # Utilisation 40 % becomes 80 %: 1 / (1 - 0.4) and 1 / (1 - 0.8) times the time at no load.
    assert latency[0] == pytest.approx(0.05 / 0.6, rel=0.05)
    assert latency[1] == pytest.approx(0.05 / 0.2, rel=0.05)


def test_nothing_is_lost_of_what_happened_before_a_change() -> None:
    scenario = Scenario(pods=3, faults=(Fault(error_percent=50),))
    world = World(scenario, np.random.default_rng(6))
    world.reach(300)
    before = world.failures[:101].copy()
    world.route(without(world, 0), 100)
    world.reach(300)
    assert np.array_equal(world.failures[:101], before)


def test_a_fault_fails_requests_for_its_time_only() -> None:
    scenario = Scenario(
        pods=2, traffic=STEADY, faults=(Fault(start=100, duration=100, error_percent=50),)
    )
    world = a_world(scenario)
    failed = np.diff(world.failures[[0, 100, 200, 600], 0])
    served = np.diff((world.failures + world.successes)[[0, 100, 200, 600], 0])
    shares = failed / served
    assert shares == pytest.approx([0.01, 0.505, 0.01], abs=0.03)
    assert world.spoilt[-1, 0] == pytest.approx(0.5 * served[1], rel=0.1)
    assert world.spoilt[-1, 1] == 0


def test_a_fault_that_comes_and_goes() -> None:
    fault = Fault(error_percent=100, on=30, off=30)
    world = a_world(Scenario(pods=1, duration=120, traffic=STEADY, faults=(fault,)))
    failed = np.diff(world.failures[[0, 30, 60, 90, 120], 0])
    assert list(failed > 100) == [True, False, True, False]


def test_a_poison_client_follows_the_traffic() -> None:
    fault = Fault(pods=(1,), error_percent=50, moves=5.0, outlier=False)
    scenario = Scenario(pods=2, duration=400, traffic=STEADY, faults=(fault,))
    world = World(scenario, np.random.default_rng(7))
    world.reach(200)
    world.route(without(world, 1), 200)
    world.reach(400)
    hit = np.diff(world.failures[[0, 200, 205, 400]], axis=0)
    assert hit[0, 1] > 1000
    assert hit[0, 0] < 100
    assert hit[1, 0] < 20, "it needs some seconds"
    assert hit[2, 0] > 1000


def test_memory_leaks_and_saws() -> None:
    memory = Memory(base=100, sawtooth=10, period=60, noise=0)
    scenario = Scenario(pods=2, memory=memory, faults=(Fault(start=100, leak=1.0),))
    seen = a_world(scenario).memory
    assert 100 <= seen[:, 1].min() <= seen[:, 1].max() <= 110
    assert seen[-1, 0] == pytest.approx(100 + 500, abs=11)


def test_a_replaced_pod_is_a_good_one() -> None:
    scenario = Scenario(pods=2, traffic=STEADY, faults=(Fault(error_percent=50),))
    world = World(scenario, np.random.default_rng(8))
    world.reach(300)
    world.replace(0, 100)
    world.reach(300)
    assert world.spoilt[300, 0] == world.spoilt[100, 0] > 0
