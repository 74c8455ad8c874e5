"""Worlds and scenarios for the tests of the simulation."""

from __future__ import annotations

import numpy as np

from kubervisor.api.policy import to_policy
from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.scraping import Scraper
from kubervisor.simulation.world import World
from kubervisor.traffic.policy import ServicePolicy

SELECTORS = {
    "source": "main",
    "errors": 'http_requests_total{code=~"5.."}',
    "total": "http_requests_total",
}


def a_world(scenario: Scenario, *, seed: int = 1) -> World:
    """A world that is known to its end."""
    world = World(scenario, np.random.default_rng(seed))
    world.reach(scenario.ticks)
    return world


def scraped(scenario: Scenario, *, seed: int = 1) -> tuple[World, Scraper]:
    world = a_world(scenario, seed=seed)
    return world, Scraper(world, np.random.default_rng(seed))


def a_policy(**ratio: object) -> ServicePolicy:
    return to_policy(
        {"service": "s", "breakers": [{"name": "errors", "ratio": {**SELECTORS, **ratio}}]}
    )
