"""Plots of the detection page, as SVG that is the same for the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.detection.measures import Rate, Score

FOLDER = Path("docs/explanation/plots")
OURS, OTHER, BOUND = "#1f6f8b", "#9aa5ac", "#c0392b"

mpl.use("svg")
mpl.rcParams.update(
    {
        "svg.hashsalt": "kubervisor",  # ids in the file depend on it, else on chance
        "svg.fonttype": "path",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.constrained_layout.use": True,
    }
)


def save(
    name: str, draw: Callable[[Axes], None], *, width: float = 6.4, height: float = 3.2
) -> Path:
    """Draw into `FOLDER/name.svg`; returns its path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(width, height))
    draw(axes)
    path = FOLDER / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return path


def recall_map(scores: Mapping[str, Mapping[str, Score]], shapes: Sequence[str]) -> Path:
    """Recall of each contender on each shape, as a map."""
    names = list(scores)
    table = np.array([[scores[name][shape].recall for name in names] for shape in shapes])

    def draw(axes: Axes) -> None:
        axes.imshow(table, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(shapes)), shapes)
        axes.spines[:].set_visible(False)
        for (row, column), value in np.ndenumerate(table):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7)

    return save("recall", draw, height=0.25 * len(shapes) + 1.2, width=7.2)


def healthy_bars(rates: Mapping[str, Rate]) -> Path:
    """False ejections per healthy pod-day of each contender, with the upper bound."""

    def draw(axes: Axes) -> None:
        for place, rate in enumerate(rates.values()):
            colour = OURS if place == 0 else OTHER
            axes.barh(place, rate.bound / 1000, color=colour)
            axes.text(
                rate.bound / 1000 * 1.1,
                place,
                f"{rate.events} in {rate.pod_days:.0f} d",
                va="center",
                fontsize=7,
            )
        axes.set_xscale("log")
        axes.axvline(0.001, color=BOUND, linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rates)), list(rates))
        axes.invert_yaxis()
        axes.margins(x=0.2)
        axes.set_xlabel(
            "false ejections per healthy pod-day, upper 95 % bound (dashed: the target)"
        )

    return save("healthy", draw)


def delays(scores: Mapping[str, Score], name: str, title: str) -> Path:
    """How many of the faults were found after how many seconds, by contender."""

    def draw(axes: Axes) -> None:
        for place, (who, score) in enumerate(scores.items()):
            times = sorted(score.delays)
            if not times:
                continue
            shares = np.arange(1, len(times) + 1) / score.events
            line = axes.step([0, *times, 300], [0, *shares, shares[-1]], where="post", label=who)
            line[0].set_linewidth(2.2 if place == 0 else 1)
            line[0].set_color(OURS if place == 0 else plt.cm.Set2(place))
        axes.set_xlim(0, 300)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("seconds after the fault")
        axes.set_ylabel("share found")
        axes.set_title(title)
        axes.legend(fontsize=7, loc="lower right")

    return save(name, draw)


def sigma_rule() -> Path:
    """The largest score that the sigma rule can give to k equal outliers of n."""

    def draw(axes: Axes) -> None:
        for outliers in (1, 2, 3, 4):
            sizes = np.arange(2 * outliers, 31)
            axes.plot(
                sizes, np.sqrt((sizes - outliers) / outliers), label=f"{outliers} outliers of n"
            )
        axes.axhline(1.9, color=BOUND, linestyle="--", linewidth=1)
        axes.text(29.5, 1.95, "1.9, Envoy's factor", ha="right", color=BOUND, fontsize=8)
        axes.set_xlabel("n, pods")
        axes.set_ylabel("highest possible z")
        axes.set_ylim(0, math.sqrt(29))
        axes.legend(fontsize=7)

    return save("sigma-rule", draw)
