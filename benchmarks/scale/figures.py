"""`make bench` scale: the rows of the table, with the bars that the project has set itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure
from benchmarks.scale import page
from benchmarks.scale.beside import Beside, measure_reference
from benchmarks.scale.growth import LINEAR, exponents
from benchmarks.scale.limit import SIZE, largest
from benchmarks.scale.measured import Measured
from benchmarks.scale.run import measure
from benchmarks.scale.stage import RATE
from benchmarks.scale.world import PERIOD, World

LISTED, EVALUATED, LATE, QUERIES = 6.0, 1.0, 20.0, 1.5
"""Seconds for the LIST, seconds until all Services are evaluated, milliseconds of lateness p99, and
queries in a period, whatever the number of Services.
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A run and the most that it may cost: MB and parts of a core."""

    world: World
    memory_mb: float
    core: float


MANY = Bar(World(1500, 100), 220, 0.20)
MOST = Bar(World(5000, 30), 350, 0.35)
SHARES = (8, 4, 2, 1)
"""The runs of the growth plot are this part of `MANY` each."""
REFERENCE = World(50, 100)
FEW = World(20, 10)


def run(*, quick: bool) -> list[Figure]:
    """All runs; the quick share is one small world and the reference on it, with no bar and no
    page.
    """
    if quick:
        small = measure(FEW, rest=0.0, quiet=1.1 * PERIOD)
        return [*rows(small), *beside(measure_reference(FEW, quiet=1.0))]
    runs = [_part(share) for share in SHARES]
    most = measure(MOST.world, rest=10.0, quiet=20.0)
    reference = measure_reference(REFERENCE, quiet=10.0)
    borne, _ = largest(partial(measure, rest=5.0, quiet=10.0))
    page.write(runs, most, reference, borne)
    return [
        *(row for small in runs[:-1] for row in rows(small)),
        *rows(runs[-1], MANY),
        *rows(most, MOST),
        *beside(reference),
        *growth(runs),
        Figure(f"Services of {SIZE} pods that one controller bears", borne, ""),
    ]


def _part(share: int) -> Measured:
    """The run of that part of `MANY`, with as small a part of its events."""
    world = World(MANY.world.services // share, MANY.world.size)
    return measure(world, rest=10.0, quiet=20.0, rate=RATE // share)


def rows(found: Measured, bar: Bar | None = None) -> Iterator[Figure]:
    """What one run gives. A run that could not be ended misses: its problem is the row's name."""
    of = f"{found.services} of {found.pods // found.services}"
    if found.problem:
        yield Figure(f"{of}: not ended, {found.problem}", 1, "", target=0)
        yield Figure(f"{of}: memory by then", found.memory_mb, "MB", found.imports_mb)
        return
    late = [1000 * value for value in found.late]
    floor_late = [1000 * value for value in found.floor_late]
    memory, core = (bar.memory_mb, bar.core) if bar else (None, None)
    listed, evaluated, p99, queries = (LISTED, EVALUATED, LATE, QUERIES) if bar else (None,) * 4
    judged = round(found.evaluations)
    yield Figure(f"{of}: memory", found.memory_mb, "MB", found.imports_mb, memory)
    yield Figure(f"{of}: the most it was", found.peak_mb, "MB", found.imports_mb)
    yield Figure(f"{of}: processor", found.core, "core", None, core)
    yield Figure(f"{of}: LIST of pods", found.listed, "s", found.floor_listed, listed)
    yield Figure(f"{of}: all evaluated", found.evaluated, "s", None, evaluated)
    yield Figure(f"{of}: start → all guarded", found.started, "s")
    yield Figure(f"{of}: lateness, p50", late[0], "ms", floor_late[0], None, judged)
    yield Figure(f"{of}: lateness, p99", late[1], "ms", floor_late[1], p99, judged)
    yield Figure(f"{of}: evaluations a period", found.evaluations, "")
    yield Figure(f"{of}: queries a period", found.queries, "", None, queries)
    yield Figure(f"{of}: writes a minute", found.writes, "")
    yield Figure(f"{of}: events a second", found.events, "")
    yield Figure(f"{of}: threads", found.threads, "")
    yield Figure(f"{of}: page of metrics", found.scraped, "s")


def beside(found: Beside) -> Iterator[Figure]:
    """The reference controller's rows; nothing of it is scaled to more pods than it ran on."""
    of = f"reference on {found.pods} pods, {found.events:.0f} events/s"
    yield Figure(f"{of}: memory", found.memory_mb, "MB")
    yield Figure(f"{of}: LIST of pods", found.listed, "s")
    yield Figure(f"{of}: processor", found.core, "core")
    yield Figure("raw reader: an event of a watch", found.per_event, "µs")


def growth(runs: Sequence[Measured]) -> Iterator[Figure]:
    """The exponent of each quantity that grows at all; it must not be above linear."""
    for name, value in exponents(runs).items():
        if not math.isnan(value):
            yield Figure(f"growth of {name}: exponent", value, "", 1.0, LINEAR, len(runs))
