"""Random budgets under random faults: nobody may ever take more than they spare."""

from __future__ import annotations

import random

from benchmarks.detection import policies
from benchmarks.detection.contest import Seeds
from benchmarks.detection.figures import Size
from benchmarks.detection.rows import Row, at_most
from benchmarks.detection.shapes import DURATION, START
from kubervisor.api.policy import to_policy
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.loop import run
from kubervisor.simulation.record import Record
from kubervisor.simulation.scenario import Fault, Scenario


def row(seeds: Seeds, size: Size) -> Row:
    """How often a budget was overspent."""
    found = [violations(seed) for seed in seeds.of("budgets", 2 * size.runs)]
    name = f"budget violations under {len(found)} random budgets"
    return at_most(name, sum(found), 0)


def violations(seed: int) -> int:
    """Moments in one random run at which fewer served, or more were out, than the budget says."""
    chance = random.Random(seed)
    pods, percent = chance.randint(2, 12), chance.randint(10, 90)
    least, ratio = chance.randint(0, pods), chance.randint(0, 90)
    scenario = Scenario(
        pods=pods, duration=DURATION, faults=tuple(_fault(chance, pods) for _ in range(3))
    )
    errors = {**policies.ratio(minimumEffect=0.01), "minPodsAvailableRatio": ratio}
    budget = {
        "minAvailable": least,
        "maxEjectedPercent": percent,
        "panicThresholdPercent": 100,
    }
    policy = to_policy({"service": "s", "breakers": [errors], "budget": budget})
    record = run(scenario, guarded_by(policy), seed=seed)
    floor = max(1, least, -(-ratio * pods // 100))
    cap = max(percent * pods // 100, 1 if pods >= 3 else 0)
    return _overspent(record, floor, cap)


def _fault(chance: random.Random, pods: int) -> Fault:
    return Fault(
        pods=tuple(chance.sample(range(pods), chance.randint(1, pods))),
        start=START + chance.randint(0, 120),
        duration=chance.randint(60, 300),
        error_percent=chance.choice((10, 50, 90)),
    )


def _overspent(record: Record, floor: int, cap: int) -> int:
    """Ejections that left too few serving, or too many out."""
    found = 0
    for (_, before), (_, after) in zip(record.routes, record.routes[1:], strict=False):
        fewer = after.sum() < before.sum()
        found += bool(fewer and (after.sum() < floor or (~after).sum() > cap))
    return found
