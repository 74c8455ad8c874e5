"""How many Services one controller bears: more and more of them, until evaluations come late."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.scale.measured import Measured
from benchmarks.scale.world import World

SIZE = 15
COUNTS = (250, 500, 1000, 1500, 2500, 5000, 7500, 10_000)
LATE = 0.020
"""Seconds of lateness p99 beyond an empty loop's in the same run."""


def largest(
    run: Callable[[World], Measured], counts: Sequence[int] = COUNTS
) -> tuple[int, Measured | None]:
    """The most Services of `counts` (ascending) that are borne, 0 where not even the first are; and
    the first run that shows what is not, None where all are.
    """
    borne = 0
    for count in counts:
        found = run(World(count, SIZE))
        if not is_borne(found):
            return borne, found
        borne = count
    return borne, None


def is_borne(found: Measured) -> bool:
    """Whether all Services were guarded, and evaluated in time."""
    return not found.problem and found.late[1] - found.floor_late[1] <= LATE
