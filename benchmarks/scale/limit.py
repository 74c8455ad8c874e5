"""How many Services one controller bears: the number from which on evaluations come late."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.scale.measured import Measured
from benchmarks.scale.world import World

SIZE = 15
COUNTS = (500, 750, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000)
LATE = 0.020
"""Seconds of lateness p99 beyond an empty loop's in the same run."""
STARTED = 60.0
"""Seconds until all are guarded."""


def largest(
    run: Callable[[World], Measured], counts: Sequence[int] = COUNTS
) -> tuple[Measured | None, Measured | None]:
    """The run of the most Services that are borne, and of the fewest that are not, of `counts`
    (ascending), by bisection; None where there is none.
    """
    low, high = 0, len(counts)
    borne = beyond = None
    while low < high:
        middle = (low + high) // 2
        found = run(World(counts[middle], SIZE))
        if is_borne(found):
            borne, low = found, middle + 1
        else:
            beyond, high = found, middle
    return borne, beyond


def is_borne(found: Measured) -> bool:
    """Whether all Services were guarded soon, and evaluated in time."""
    late = found.late[1] - found.floor_late[1]
    return not found.problem and found.started <= STARTED and late <= LATE
