"""What faults do to pods at each tick: errors they add, how slow they make, how much they leak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kubervisor.simulation.scenario import Fault, Scenario

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Effects:
    """[ticks x pods]: the share of requests that fail by a fault, how many times as slow the pod
    is, and the bytes that have leaked.
    """

    errors: Floats
    slow: Floats
    leaked: Floats


def effects(scenario: Scenario) -> Effects:
    """Everything that the scenario's faults do, but for those that move with the traffic."""
    shape = (scenario.ticks, scenario.pods)
    errors, slow, leaked = np.zeros(shape), np.ones(shape), np.zeros(shape)
    for fault in scenario.faults:
        if fault.moves is not None:
            continue
        on = active(fault, scenario)
        errors = np.where(on, 1 - (1 - errors) * (1 - fault.error_percent / 100), errors)
        slow = np.where(on, slow * fault.slow, slow)
        leaked += fault.leak * scenario.tick * np.cumsum(on, axis=0)
    return Effects(errors, slow, leaked)


def active(fault: Fault, scenario: Scenario) -> Mask:
    """[ticks x pods]: where the fault is at work."""
    found = np.zeros((scenario.ticks, scenario.pods), dtype=bool)
    times = np.arange(scenario.ticks) * scenario.tick
    for pod, start in fault.starts(scenario.pods).items():
        at_work = (times >= start) & (times < fault.start + fault.duration)
        if fault.on:
            at_work &= (times - start) % (fault.on + fault.off) < fault.on
        found[:, pod] = at_work
    return found
