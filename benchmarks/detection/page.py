"""The generated part of docs/explanation/detection.md, between two markers, and its plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.detection import illustrations, plots, shapes
from benchmarks.detection.contest import OURS
from benchmarks.detection.figures import shown_rate
from benchmarks.detection.measures import Score
from benchmarks.detection.results import Results
from benchmarks.detection.rows import figures_table, markdown, number
from benchmarks.generated import Part

PAGE = Path("docs/explanation/detection.md")
_PART = Part(PAGE, "bench-detection")
BEGIN, END, merged = _PART.begin, _PART.end, _PART.merged
GRAY = "gray 8 %, 1 of 10"


def write(results: Results) -> list[Path]:
    """Write plots and page; returns the paths."""
    names = [shape.name for shape in shapes.all_shapes() if shape.curable]
    drawn = [
        plots.recall_map(results.scores, names),
        plots.healthy_bars(results.healthy),
        plots.delays(
            {who: scores[GRAY] for who, scores in results.scores.items()},
            "gray-8",
            "one of ten pods fails 8 % of its requests",
        ),
        *illustrations.draw_all(),
    ]
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(merged(text, "\n\n".join(_parts(results))), encoding="utf-8")
    return [PAGE, *drawn]


def _parts(results: Results) -> Iterator[str]:
    yield "### Figures"
    yield figures_table(results.rows)
    yield "### Reported without a bar"
    yield markdown(("case", "measured"), [(row.name, row.measured) for row in results.shown])
    yield "### Everyone on every shape"
    yield (
        f"{results.size.shape_runs} runs of each shape. *Recall*: the share of the pods with a "
        "curable fault that were ejected while it was there. Shapes that no ejection cures have "
        "a table of their own."
    )
    yield "![recall of each contender on each shape](plots/recall.svg)"
    yield "Seconds from the fault to the ejection, p50 / p95:"
    yield _table(results, curable=True, cell=_delays)
    yield (
        "Of the requests that a fault spoils, the percentage that was avoided; an oracle, which "
        "has each pod out for exactly the time of its fault, is 100, doing nothing is 0:"
    )
    yield _table(results, curable=True, cell=lambda s: _percent(s.avoided))
    yield "Ejections in a run of what no ejection cures:"
    yield _table(results, curable=False, cell=lambda s: number(s.wrong / s.runs))
    yield "![share of gray faults found over time](plots/gray-8.svg)"
    yield "### Everyone in sum"
    yield _sums(results)
    yield "![false ejections on healthy days](plots/healthy.svg)"
    yield (
        "Throughput: reading the answers takes "
        f"{results.spent.reading:.2f} s, judging {results.spent.judging:.2f} s, remembering and "
        f"planning {results.spent.planning:.2f} s of the processor."
    )


def _table(results: Results, *, curable: bool, cell: Callable[[Score], str]) -> str:
    lines = [
        (shape.name, *(cell(scores[shape.name]) for scores in results.scores.values()))
        for shape in shapes.all_shapes()
        if shape.curable is curable
    ]
    return markdown(("shape", *results.scores), lines)


def _sums(results: Results) -> str:
    lines = []
    for name, scores in results.scores.items():
        curable = [scores[s.name] for s in shapes.all_shapes() if s.curable]
        right, wrong = sum(s.right for s in curable), sum(s.wrong for s in curable)
        precision = right / (right + wrong) if right + wrong else math.nan
        lines.append(
            (
                f"**{name}**" if name == OURS else name,
                number(sum(len(s.delays) for s in curable) / sum(s.events for s in curable)),
                "-" if math.isnan(precision) else number(precision),
                shown_rate(results.healthy[name]),
                number(sum(s.capacity_lost for s in scores.values()) / len(scores)),
                number(sum(s.flips_per_hour for s in scores.values()) / len(scores)),
                number(sum(s.violations for s in scores.values())),
            )
        )
    headings = (
        "contender",
        "recall",
        "precision",
        "false ejections, healthy",
        "good capacity lost, %",
        "flips per hour",
        "budget violations",
    )
    return markdown(headings, lines)


def _delays(score: Score) -> str:
    if not score.delays:
        return "-"
    return f"{score.delay(50):.0f} / {score.delay(95):.0f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}"
