"""Which steps of a breaker cannot matter, so that healthy days pass in an instant.

A step is looked at where the detector's screening suspects a pod in it, for as long as the m-of-n
rule counts after one in which a pod was an outlier indeed, and for a while after anybody left or
joined the traffic. In every other step nobody is an outlier, nor was one a moment before: it
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kubervisor.simulation.scenario import Scenario
from kubervisor.simulation.scraping import Ticks

Mask = NDArray[np.bool_]
Suspects = Callable[[Ticks, Mask], Mask]
"""For steps (their ticks) and who serves: in which of them somebody may be an outlier."""

AHEAD = 32
"""Steps that are screened at once where faults make a change of the traffic likely."""


class QuietSteps:
    """The steps at `first`, `first + period`, … (ticks) that must be looked at."""

    def __init__(
        self,
        scenario: Scenario,
        suspects: Suspects | None,
        *,
        first: int,
        period: int,
        unsettled: int,
        memory: int,
    ) -> None:
        """Each step is looked at for `unsettled` ticks after a change of the traffic and for
        `memory` steps after an outlier; without `suspects` every step is.
        """
        self._suspects, self._first, self._period = suspects, first, period
        self._unsettled, self._memory = unsettled, memory
        self._steps = (scenario.ticks - 1 - first) // period + 1
        self._ahead = AHEAD if scenario.faults else self._steps
        self._serving: Mask = np.ones(scenario.pods, dtype=bool)
        self._loud_until = first + memory * period
        self._block, self._loud = 0, np.zeros(0, dtype=bool)

    def next_step(self, after: int, serving: Mask) -> int | None:
        """The tick of the next step after `after` that must be looked at; None where none is."""
        if not np.array_equal(serving, self._serving):
            self._serving = serving.copy()
            self._loud_until = max(self._loud_until, after + self._unsettled)
            self._loud = np.zeros(0, dtype=bool)
        step = (after - self._first) // self._period + 1
        while step < self._steps:
            tick = self._first + step * self._period
            if self._suspects is None or tick <= self._loud_until:
                return tick
            if not self._block <= step < self._block + len(self._loud):
                self._screen(step, self._suspects)
            found = np.flatnonzero(self._loud[step - self._block :])
            if len(found):
                return tick + int(found[0]) * self._period
            step = self._block + len(self._loud)
        return None

    def outlier_at(self, tick: int) -> None:
        """Somebody was an outlier in the step at `tick`: the steps after it count too."""
        self._loud_until = max(self._loud_until, tick + self._memory * self._period)

    def _screen(self, step: int, suspects: Suspects) -> None:
        end = min(self._steps, step + self._ahead)
        ticks = self._first + np.arange(step, end) * self._period
        self._block, self._loud = step, suspects(ticks, self._serving)
