"""How good a run was: faults found and how soon, ejections right or wrong, requests saved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kubervisor.simulation.loop import Hire, run
from kubervisor.simulation.oracle import Nobody, Oracle
from kubervisor.simulation.record import Record, at_fault, outlier_faults
from kubervisor.simulation.scenario import Scenario

STILL_RIGHT = 120.0
"""Seconds after a fault ends in which an ejection for it is right: windows still hold it, and a
fault that comes and goes is one.
"""


@dataclass(frozen=True, slots=True)
class Trio:
    """One run, and the same one with nobody and with somebody omniscient in charge."""

    run: Record
    nothing: Record
    oracle: Record


def trio(scenario: Scenario, hire: Hire, *, seed: int) -> Trio:
    """The three runs of a seed."""
    return Trio(*(run(scenario, who, seed=seed) for who in (hire, Nobody, Oracle)))


def delays(record: Record) -> list[float | None]:
    """For each pod with a fault that its ejection cures, the seconds until it was ejected; None
    where it was not while the fault was there.
    """
    found: list[float | None] = []
    for fault in outlier_faults(record.scenario):
        end = fault.start + fault.duration
        for pod, start in fault.starts(record.scenario.pods).items():
            times = (a.at for a in record.ejections if a.pod == pod and start <= a.at <= end)
            first = next(times, None)
            found.append(None if first is None else first - start)
    return found


def rightness(record: Record) -> list[bool]:
    """For each ejection, whether something was wrong with the pod, or had been a moment before."""
    wrong, tick = at_fault(record.scenario), record.scenario.tick
    found = []
    for action in record.ejections:
        last = round(action.at / tick) + 1
        first = max(0, last - round(STILL_RIGHT / tick))
        found.append(bool(wrong[first:last, action.pod].any()))
    return found


def avoided_percent(trios: Sequence[Trio]) -> float:
    """Of the spoilt requests that an oracle would have avoided, the percentage that was avoided;
    not a number where there was nothing to avoid.
    """
    nothing = sum(trio.nothing.spoilt for trio in trios)
    possible = nothing - sum(trio.oracle.spoilt for trio in trios)
    if possible <= 0:
        return math.nan
    return 100 * (nothing - sum(trio.run.spoilt for trio in trios)) / possible
