"""Memory that grows until a pod is killed, and memory that only looks as if it did."""

from __future__ import annotations

import math

from benchmarks.detection import policies
from benchmarks.detection.contest import Seeds
from benchmarks.detection.figures import Size
from benchmarks.detection.measures import Rate, false_ejections
from benchmarks.detection.rows import Row, at_least, number
from benchmarks.detection.shapes import healthy
from kubervisor.simulation.guarded import guarded_by
from kubervisor.simulation.loop import Hire, run
from kubervisor.simulation.scenario import Fault, Memory, Scenario, Scrapes

EARLY = 300.0
"""Seconds before the breach by which a leak must be found."""
SETTLED = 2400.0
"""Seconds until the leak begins: the trend's window is full by then."""
BREACH_AFTER = (2400.0, 3600.0, 7200.0)
"""Seconds from the leak's beginning to the breach."""
SCRAPE = 15.0
PODS = 10
TOOTH = Memory(base=400e6, sawtooth=60e6, period=300.0, noise=1.0)
SAWTEETH = tuple(
    Memory(base=600e6, sawtooth=200e6, period=period, noise=2.0)
    for period in (600.0, 1500.0, 2700.0)
)
"""Collectors that run every 10, 25 and 45 minutes: within a window memory only grows."""


def trending() -> Hire:
    """Kubervisor with `trend` on memory, all defaults."""
    return guarded_by(policies.policy(policies.trend()))


def leaking(after: float) -> Scenario:
    """One of ten pods leaks; its memory reaches the limit `after` seconds later."""
    room = policies.LIMIT - TOOTH.base - TOOTH.sawtooth
    return Scenario(
        name=f"leak, breach after {after / 60:.0f} min",
        pods=PODS,
        duration=SETTLED + after + 600,
        tick=SCRAPE,
        memory=TOOTH,
        scrapes=Scrapes(interval=SCRAPE),
        faults=(Fault(start=SETTLED, leak=room / after),),
    )


def leads(seeds: Seeds, runs: int) -> list[float]:
    """Seconds from the leak's ejection to the breach, 0 where it was not found before."""
    hire, found = trending(), []
    for after in BREACH_AFTER:
        scenario = leaking(after)
        breach = SETTLED + after
        for seed in seeds.of(scenario.name, runs):
            times = [a.at for a in run(scenario, hire, seed=seed).ejections if a.pod == 0]
            found.append(max(0.0, breach - min(times, default=math.inf)))
    return found


def sawtooth(seeds: Seeds, pod_days: float) -> Rate:
    """False ejections on days with nothing but garbage collection."""
    hire = trending()
    days = math.ceil(pod_days / PODS / len(SAWTEETH))
    return false_ejections(
        [
            run(healthy(PODS, scrape=SCRAPE, memory=memory), hire, seed=seed)
            for memory in SAWTEETH
            for seed in seeds.of(f"sawtooth {memory.period}", days)
        ]
    )


def rows(seeds: Seeds, size: Size) -> tuple[Row, ...]:
    """The two figures of `trend`."""
    found = leads(seeds, max(2, size.runs // 3))
    early = 100 * sum(lead >= EARLY for lead in found) / len(found)
    minutes = number(sorted(found)[len(found) // 2] / 60)
    shown = f"{number(early)} % of {len(found)} (median {minutes} min before)"
    rate = sawtooth(seeds, size.leak_days)
    bound = f"{rate.events} in {rate.pod_days:.0f} pod-days, bound {number(rate.bound)} in 1,000"
    return (
        at_least("leaks found 5 min before the breach, %", early, 90, shown=shown),
        Row(
            "false ejections by trend on a sawtooth",
            "bound < 1 in 1,000 pod-days",
            bound,
            rate.bound < 1,
        ),
    )
