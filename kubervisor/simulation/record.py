"""What came of a run: who left the traffic and came back when, and what clients got."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kubervisor.simulation.faults import active
from kubervisor.simulation.scenario import Fault, Scenario

Mask = NDArray[np.bool_]


class Did(StrEnum):
    """What happened to a pod."""

    EJECTED = "ejected"
    REFUSED = "stays"
    RETURNED = "returned"
    PAUSED = "paused"
    TERMINATED = "terminated"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Action:
    """One line of the timeline; `at` in seconds from the start, `pod` by its number."""

    at: float
    pod: int
    did: Did
    breaker: str = ""
    reason: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A run of `scenario`. `routes` are (tick, who serves) whenever that changed.

    `requests` are all that clients sent, `failures` those that failed, `spoilt` those that a fault
    spoilt: failed by it, or served much slower for it.
    """

    scenario: Scenario
    actions: tuple[Action, ...]
    routes: tuple[tuple[int, Mask], ...]
    requests: float
    failures: float
    spoilt: float

    @property
    def ejections(self) -> tuple[Action, ...]:
        """The ejections, in order."""
        return tuple(action for action in self.actions if action.did is Did.EJECTED)

    @property
    def fewest_serving(self) -> int:
        """How many served when the fewest did."""
        return min(int(serving.sum()) for _, serving in self.routes)

    @property
    def out(self) -> Mask:
        """[ticks x pods]: who was out of traffic when."""
        out = np.zeros((self.scenario.ticks, self.scenario.pods), dtype=bool)
        for tick, serving in self.routes:
            out[tick:] = ~serving
        return out

    @property
    def lost_capacity(self) -> float:
        """Pod-seconds out of traffic of pods with which nothing was wrong at the time."""
        return float((self.out & ~at_fault(self.scenario)).sum() * self.scenario.tick)


def outlier_faults(scenario: Scenario) -> Iterator[Fault]:
    """The faults whose pods are right to be ejected."""
    return (fault for fault in scenario.faults if fault.outlier)


def at_fault(scenario: Scenario) -> Mask:
    """[ticks x pods]: where something is wrong with a pod that its ejection cures."""
    found = np.zeros((scenario.ticks, scenario.pods), dtype=bool)
    for fault in outlier_faults(scenario):
        if fault.moves is None:
            found |= active(fault, scenario)
    return found
