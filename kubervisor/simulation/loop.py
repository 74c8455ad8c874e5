"""The closed loop: a decider looks at a world and says who serves, and the world follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from kubervisor.simulation.record import Action, Mask, Record
from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.scraping import Scraper
from kubervisor.simulation.world import World


class Decider(Protocol):
    """Whoever says which pods get traffic."""

    @property
    def serving(self) -> Mask:
        """Who gets traffic from now on."""

    def next_tick(self, after: int) -> int | None:
        """The next tick at which it wants to `act`; None where there is none any more."""

    def act(self, tick: int) -> Sequence[Action]:
        """What it does at `tick`."""


Hire = Callable[[World, Scraper, np.random.Generator], Decider]


def run(scenario: Scenario, hire: Hire, *, seed: int) -> Record:
    """One run. The same seed gives every decider the same load and the same faults."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)]
    world = World(scenario, streams[0])
    scraper = Scraper(world, streams[1])
    decider = hire(world, scraper, streams[2])
    actions: list[Action] = []
    routes = [(0, world.serving)]
    tick = decider.next_tick(0)
    while tick is not None and tick < scenario.ticks:
        world.reach(tick)
        actions += decider.act(tick)
        world.route(decider.serving, tick)
        if world.serving is not routes[-1][1]:
            routes.append((tick, world.serving))
        tick = decider.next_tick(tick)
    world.reach(scenario.ticks)
    failures = float(world.failures[-1].sum())
    return Record(
        scenario,
        tuple(actions),
        tuple(routes),
        requests=failures + float(world.successes[-1].sum()),
        failures=failures,
        spoilt=float(world.spoilt[-1].sum()),
    )
