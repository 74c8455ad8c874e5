"""`make bench` scale: the rows of the table, with the bars that the project has set itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure
from benchmarks.scale import plot
from benchmarks.scale.beside import measure_reference
from benchmarks.scale.growth import LINEAR, Growth, growth
from benchmarks.scale.limit import SIZE, largest
from benchmarks.scale.measured import Measured
from benchmarks.scale.run import measure
from benchmarks.scale.world import PERIOD, World


@dataclass(frozen=True, slots=True)
class Bar:
    """The most that a run may cost: MB, parts of a core, seconds for the LIST, seconds until all
    Services are evaluated, milliseconds of lateness p99, and queries in a period, whatever the
    number of Services. None: only shown.
    """

    memory_mb: float | None = None
    core: float | None = None
    listed: float | None = None
    evaluated: float | None = None
    late: float | None = None
    queries: float | None = None


MANY, MANY_BAR = World(1500, 100), Bar(220, 0.20, 6.0, 1.0, 20.0, 1.5)
MOST, MOST_BAR = World(5000, 30), Bar(350, 0.35, 6.0, 1.0, 20.0, 1.5)
TWO, TWO_BAR = World(2, 2500), Bar(memory_mb=90)
SHARES = (8, 4, 2, 1)
"""The runs of the growth plot are this part of `MANY` each."""
LEAST = World(1, 20)
"""What it costs to guard next to nothing does not grow."""
SIDE_BY_SIDE = 500
"""Events a second for ours and the reference, which needs more than half a core for 2,000."""
FEW = World(20, 10)

_steady = partial(measure, rest=5.0, quiet=3.0 * PERIOD)
_briefly = partial(measure, rest=PERIOD, quiet=2.0 * PERIOD)


def run(*, quick: bool) -> list[Figure]:
    """All runs, and the plot; the quick share is one small world and the reference on it, with no
    bar and no plot.
    """
    if quick:
        small = measure(FEW, rest=0.0, quiet=1.1 * PERIOD)
        return [*rows(small), *beside(measure_reference(FEW, quiet=1.0, rate=100))]
    least = measure(LEAST, rest=1.0, quiet=PERIOD)
    runs = [_steady(World(MANY.services // share, MANY.size)) for share in SHARES]
    most = _steady(MOST)
    two = _steady(TWO, rate=SIDE_BY_SIDE)
    reference = measure_reference(TWO, quiet=2.0 * PERIOD, rate=SIDE_BY_SIDE)
    borne, beyond = largest(_briefly)
    plot.draw(least, runs)
    return [
        *rows(least),
        *(row for small in runs[:-1] for row in rows(small)),
        *rows(runs[-1], MANY_BAR),
        *rows(most, MOST_BAR),
        *rows(two, TWO_BAR),
        *beside(reference),
        *grown(growth(least, runs)),
        *limit(borne, beyond),
    ]


def rows(found: Measured, bar: Bar = Bar()) -> Iterator[Figure]:
    """What one run gives. A run that could not be ended misses: its problem is the row's name."""
    of = found.shape
    if found.problem:
        yield from _problem(of, found)
        return
    late = [1000 * value for value in found.late]
    floor_late = [1000 * value for value in found.floor_late]
    judged = round(found.evaluations)
    yield Figure(f"{of}: memory", found.memory_mb, "MB", found.imports_mb, bar.memory_mb)
    yield Figure(f"{of}: the most it was", found.peak_mb, "MB", found.imports_mb)
    yield Figure(f"{of}: processor", found.core, "core", found.events * found.per_event, bar.core)
    yield Figure(f"{of}: LIST of pods", found.listed, "s", found.floor_listed, bar.listed)
    yield Figure(f"{of}: all evaluated", found.evaluated, "s", None, bar.evaluated)
    yield Figure(f"{of}: start → all guarded", found.started, "s")
    yield Figure(f"{of}: lateness, p50", late[0], "ms", floor_late[0], None, judged)
    yield Figure(f"{of}: lateness, p99", late[1], "ms", floor_late[1], bar.late, judged)
    yield Figure(f"{of}: evaluations a period", found.evaluations, "")
    yield Figure(f"{of}: queries a period", found.queries, "", None, bar.queries)
    yield Figure(f"{of}: writes a minute", found.writes, "")
    yield Figure(f"{of}: events a second", found.events, "")
    yield Figure(f"{of}: threads", found.threads, "")
    yield Figure(f"{of}: page of metrics", found.scraped, "s")


def beside(found: Measured) -> Iterator[Figure]:
    """The reference controller's rows; nothing of it is scaled to more pods than it ran on."""
    of = f"reference, {found.shape}"
    if found.problem:
        yield from _problem(of, found)
        return
    yield Figure(f"{of}: memory", found.memory_mb, "MB", found.imports_mb)
    yield Figure(f"{of}: processor", found.core, "core", found.events * found.per_event)
    yield Figure(f"{of}: LIST of pods", found.listed, "s", found.floor_listed)
    yield Figure(f"{of}: events a second", found.events, "")


def grown(found: Sequence[Growth]) -> Iterator[Figure]:
    """The exponent of each quantity, which must not be above linear, and its slope."""
    for one in found:
        name, unit = one.quantity.name, one.quantity.unit
        yield Figure(f"growth of {name}: exponent", one.exponent, "", 1.0, LINEAR)
        yield Figure(f"growth of {name}: for 1,000 pods", one.slope, unit)


def limit(borne: Measured | None, beyond: Measured | None) -> Iterator[Figure]:
    """The most Services that were borne, what they took, and what showed that more are not."""
    of = f"limit, Services of {SIZE}"
    yield Figure(f"{of}: borne", borne.services if borne else 0, "")
    for which, found in (("then", borne), (f"with {beyond.services if beyond else 0}", beyond)):
        if found is None:
            continue
        if found.problem:
            yield Figure(f"{of}: {which}, {found.problem}", found.services, "")
            continue
        late, floor = 1000 * found.late[1], 1000 * found.floor_late[1]
        yield Figure(f"{of}: lateness {which}, p99", late, "ms", floor)
        yield Figure(f"{of}: start → all guarded {which}", found.started, "s")
        yield Figure(f"{of}: threads {which}", found.threads, "")
        yield Figure(f"{of}: processor {which}", found.core, "core")


def _problem(of: str, found: Measured) -> Iterator[Figure]:
    yield Figure(f"{of}: not ended, {found.problem}", 1, "", target=0)
    yield Figure(f"{of}: memory by then", found.memory_mb, "MB", found.imports_mb)
