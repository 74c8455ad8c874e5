"""The figures that a simulator can show, one function for each group of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.detection import healthy, shapes
from benchmarks.detection.contest import Contest
from benchmarks.detection.healthy import Days
from benchmarks.detection.measures import Rate, Score
from benchmarks.detection.rows import Row, at_least, at_most, number
from kubervisor.simulation.loop import Hire
from kubervisor.simulation.scenario import Traffic

FLEETS = (3, 10, 50)
BASES = (0.1, 1.0, 1.5)
"""Percent of requests that fail with no fault."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated.

    `runs` of each shape with a figure, `shape_runs` of each shape in the contest; pod-days of each
    kind of healthy day with a figure (`pod_days`), without (`shown_pod_days`), and of the other
    contenders (`other_pod_days`); `leak_days` with a sawtooth; how many `services` are planned for.
    """

    runs: int
    shape_runs: int
    pod_days: float
    shown_pod_days: float
    other_pod_days: float
    leak_days: float
    services: int

    def fewer(self, pods: int) -> int:
        """Runs with a fleet of `pods`: large ones cost more."""
        return self.runs if pods <= 10 else max(2, self.runs // 2)


FULL = Size(
    runs=20,
    shape_runs=4,
    pod_days=30_000,
    shown_pod_days=10,
    other_pod_days=10,
    leak_days=3100,
    services=10_000,
)
QUICK = Size(
    runs=2,
    shape_runs=1,
    pod_days=10,
    shown_pod_days=3,
    other_pod_days=2,
    leak_days=30,
    services=300,
)


def faults(contest: Contest, hire: Hire, size: Size) -> Iterator[Row]:
    """Hard, gray and slow pods, several at once, and how precise the ejections are."""
    scores: list[Score] = []
    for pods in FLEETS:
        score = contest.play(
            [shapes.hard(pods, traffic=Traffic(error_percent=base)) for base in BASES],
            hire,
            size.fewer(pods),
        )
        yield from _found(f"hard 50 %, 1 of {pods}", score, recall=1.0, p95=20)
        scores.append(score)
    for pods in FLEETS:
        score = contest.play(
            [shapes.gray(8, pods, traffic=Traffic(error_percent=base)) for base in BASES],
            hire,
            size.fewer(pods),
        )
        yield from _found(f"gray 8 %, 1 of {pods}", score, recall=0.99, p95=75)
        scores.append(score)
    for pods in (5, 10, 50):
        score = contest.play([shapes.slow(2, pods)], hire, 2 * size.fewer(pods))
        yield from _found(f"slow x2, 1 of {pods}", score, recall=0.95, p95=60)
        scores.append(score)
    for outliers in (3, 4):
        score = contest.play([shapes.hard(10, outliers)], hire, size.runs)
        yield at_least(f"recall, hard, {outliers} of 10", score.recall, 0.99)
        scores.append(score)
    right, wrong = sum(s.right for s in scores), sum(s.wrong for s in scores)
    precision = right / max(1, right + wrong)
    shown = f"{number(precision)} ({wrong} of {right + wrong} wrong)"
    yield at_least("precision during these faults", precision, 0.99, shown=shown)


def _found(name: str, score: Score, *, recall: float, p95: float) -> Iterator[Row]:
    yield at_least(
        f"recall, {name}", score.recall, recall, shown=f"{number(score.recall)} of {score.events}"
    )
    times = f"{number(score.delay(95))} s (p50 {number(score.delay(50))} s)"
    yield at_most(f"time to eject p95, {name}", score.delay(95), p95, "s", shown=times)


def global_faults(contest: Contest, hire: Hire, size: Size) -> Iterator[Row]:
    """What all pods suffer: nobody is ejected; where it comes pod by pod, one at most."""
    for pods in FLEETS:
        runs = size.fewer(pods)
        together = contest.play([shapes.dependency(pods)], hire, runs)
        yield at_most(f"ejections, global fault, {pods} pods", together.wrong, 0)
        shape = shapes.dependency(pods, stagger=10)
        most = max(contest.before_panic(shape, hire, runs))
        name = f"most ejections before panic, the same 10 s apart, {pods} pods"
        yield at_most(name, most, 1)


def healthy_days(
    contest: Contest, hire: Hire, size: Size, kinds: Sequence[Days] = healthy.BARRED
) -> Iterator[Row]:
    """False ejections on healthy days, with the exact upper bound."""
    for days in kinds:
        rate = healthy.measure(days, hire, size.pod_days, contest.seeds)
        yield Row(
            f"false ejections, healthy, {days.name}",
            "bound < 1 in 1,000 pod-days",
            shown_rate(rate),
            rate.bound < 1,
        )


def shown_rate(rate: Rate) -> str:
    """Events, days and the bound in words."""
    return f"{rate.events} in {rate.pod_days:.0f} pod-days, bound {number(rate.bound)} in 1,000"


def without_bar(contest: Contest, hire: Hire, size: Size) -> Iterator[Row]:
    """Noisier fleets and slower scrapes: reported, no bar."""
    for days in healthy.SHOWN:
        rate = healthy.measure(days, hire, size.shown_pod_days, contest.seeds)
        yield Row(f"false ejections, healthy, {days.name}", "", shown_rate(rate))
    noisy = {
        "base 3 %": Traffic(error_percent=3.0),
        "base 5 %": Traffic(error_percent=5.0),
        "base 1 %, CV 1.0": Traffic(error_cv=1.0),
    }
    for name, traffic in noisy.items():
        for shape in (shapes.hard(traffic=traffic), shapes.gray(8, traffic=traffic)):
            yield _shown(f"{shape.name}, {name}", contest.play([shape], hire, size.runs))
    for scrape in (15.0, 30.0):
        for shape in (shapes.hard(scrape=scrape), shapes.gray(8, scrape=scrape)):
            score = contest.play([shape], hire, size.runs)
            yield _shown(f"{shape.name}, {scrape:g} s scrape", score)


def _shown(name: str, score: Score) -> Row:
    return Row(
        name,
        "",
        f"recall {number(score.recall)}, p50 {number(score.delay(50))} s, "
        f"p95 {number(score.delay(95))} s",
    )
