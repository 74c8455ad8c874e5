"""Everything that is measured, in one value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.detection import budgets, figures, healthy, leaks, shapes, throughput
from benchmarks.detection.contest import OURS, Contest, Seeds, contenders, ours
from benchmarks.detection.figures import Size
from benchmarks.detection.healthy import Days
from benchmarks.detection.measures import Rate, Score
from benchmarks.detection.rows import Row, at_most
from kubervisor.simulation.loop import Hire

SAME_DAYS = Days(10, 1.0, 0.5)
"""The healthy days on which all contenders are compared."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Results:
    """`scores` by contender and shape, `healthy` by contender, `spent` the throughput."""

    seeds: Seeds
    size: Size
    rows: tuple[Row, ...]
    shown: tuple[Row, ...]
    scores: Mapping[str, Mapping[str, Score]]
    healthy: Mapping[str, Rate]
    spent: throughput.Spent


def measure(seeds: Seeds, size: Size, *, say: Say) -> Results:
    """Run everything; `say` is told each row as it is known."""
    contest, hire = Contest(seeds), ours()
    spent = throughput.measure(size.services)
    rows = _told(_figures(contest, hire, size, spent), say)
    shown = _told(figures.without_bar(contest, hire, size), say)
    scores: dict[str, Mapping[str, Score]] = {}
    rates: dict[str, Rate] = {}
    for name, who in contenders().items():
        say(f"all shapes: {name}")
        scores[name] = {
            shape.name: contest.play([shape], who, size.shape_runs) for shape in shapes.all_shapes()
        }
        days = size.shown_pod_days if name == OURS else size.other_pod_days
        rates[name] = healthy.measure(SAME_DAYS, who, days, seeds)
    violations = sum(score.violations for score in scores[OURS].values())
    rows.append(at_most("budget violations in all shapes", violations, 0))
    return Results(seeds, size, tuple(rows), tuple(shown), scores, rates, spent)


def _figures(contest: Contest, hire: Hire, size: Size, spent: throughput.Spent) -> Iterator[Row]:
    yield from figures.faults(contest, hire, size)
    yield from figures.global_faults(contest, hire, size)
    yield from figures.healthy_days(contest, hire, size)
    yield from leaks.rows(contest.seeds, size)
    yield budgets.row(contest.seeds, size)
    name = f"bytes to plans, {size.services:,} Services x {throughput.PODS} pods, one core"
    bar = size.services / throughput.SERVICES
    yield at_most(name, spent.total, bar, "s")


def _told(rows: Iterable[Row], say: Say) -> list[Row]:
    told = []
    for row in rows:
        say(f"{row.name}: {row.measured}")
        told.append(row)
    return told
