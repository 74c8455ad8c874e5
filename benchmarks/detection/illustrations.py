"""One plot for each detector: its formula, at its defaults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy.special import betaincinv

from benchmarks.detection import plots
from benchmarks.detection.plots import BOUND, OTHER, OURS, save
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    DeviationPolicy,
    DiscretePolicy,
    RatioPolicy,
)
from kubervisor.traffic.detectors.core import grow_core
from kubervisor.traffic.detectors.counts import Count


def draw_all() -> list[Path]:
    """All plots that do not depend on a run."""
    drawn = [save(f"detector-{name}", draw, height=2.6) for name, draw in _DRAWINGS.items()]
    return [*drawn, plots.sigma_rule()]


def _discrete(axes: Axes) -> None:
    tolerance = default_of(DiscretePolicy, "tolerance_percent")
    shares = (1, 3, 1, 9, 2, 56, 1, 2)
    colours = [BOUND if share > tolerance else OTHER for share in shares]
    axes.bar(range(len(shares)), shares, color=colours)
    _bound(axes, tolerance, f"tolerance {tolerance:g} %")
    axes.set_xlabel("pod")
    axes.set_ylabel("share out of the list, %")


def _continuous(axes: Axes) -> None:
    most = default_of(ContinuousPolicy, "max_deviation_percent") / 100
    values = np.array([1.0, 1.1, 0.9, 2.6, 1.0, 1.05, 0.95, 1.1])
    relative = values / values.mean()
    colours = [BOUND if abs(1 - value) > most else OTHER for value in relative]
    axes.bar(range(len(values)), relative, color=colours)
    axes.axhspan(1 - most, 1 + most, color=OURS, alpha=0.12)
    axes.set_xlabel("pod")
    axes.set_ylabel("value / mean of the fleet")


def _ratio(axes: Axes) -> None:
    alpha = default_of(RatioPolicy, "alpha")
    effect = 100 * default_of(RatioPolicy, "minimum_effect")
    events = np.unique(np.geomspace(10, 5000, 60).round())
    for percent, colour in ((0.1, OTHER), (1.0, OURS), (3.0, "#d08a2e")):
        needed = [_needed_percent(percent / 100, n, alpha) for n in events]
        floor = np.maximum(needed, percent + effect)
        axes.plot(events, floor, color=colour, label=f"nine peers at {percent:g} %")
    axes.set_xscale("log")
    axes.set_ylim(0, 60)
    axes.set_xlabel("requests of the pod in the window")
    axes.set_ylabel("share that makes an outlier, %")
    axes.legend(fontsize=7)


def _needed_percent(share: float, events: float, alpha: float) -> float:
    """The least percentage of `events` that is no chance, beside nine peers with `share`."""
    peers = [Count(share * events, events)] * 9
    core, _ = grow_core(peers, minimum_effect=default_of(RatioPolicy, "minimum_effect"))
    low, high = int(events * share), int(events)
    while low < high:
        middle = (low + high) // 2
        if core.chance(Count(middle, events)) <= alpha:
            high = middle
        else:
            low = middle + 1
    return 100 * low / events


def _threshold(axes: Axes) -> None:
    events = np.unique(np.geomspace(5, 2000, 60).round())
    for share, colour in ((0.5, OURS), (0.1, OTHER)):
        low = betaincinv(share * events + 0.5, (1 - share) * events + 0.5, 0.05)
        axes.plot(events, 100 * low, color=colour, label=f"{100 * share:g} % fail")
    axes.set_xscale("log")
    _bound(axes, 30, "above: 0.3")
    axes.set_xlabel("requests of the pod")
    axes.set_ylabel("lower confidence bound, %")
    axes.legend(fontsize=7)


def _deviation(axes: Axes) -> None:
    factor = default_of(DeviationPolicy, "minimum_factor")
    most = default_of(DeviationPolicy, "maximum_score")
    latency = np.array([0.045, 0.05, 0.052, 0.048, 0.055, 0.05, 0.047, 0.051, 0.11, 0.049])
    middle = np.median(latency)
    spread = max(1.4826 * float(np.median(np.abs(np.log(latency / middle)))), 0.10)
    bound = middle * max(factor, float(np.exp(most * spread)))
    axes.scatter(range(10), latency, color=[BOUND if v > bound else OTHER for v in latency])
    axes.axhline(middle, color=OURS, linewidth=1)
    axes.set_yscale("log")
    _bound(axes, bound, f"{bound / middle:.2f} x the median")
    axes.set_yticks([0.05, 0.1], ["50 ms", "100 ms"])
    axes.minorticks_off()
    axes.set_xlabel("pod")
    axes.set_ylabel("latency")


def _trend(axes: Axes) -> None:
    minutes, ahead = np.arange(0, 31), np.arange(30, 46)
    chance = np.random.default_rng(3)
    for _ in range(4):
        axes.plot(minutes, 500 + 8 * chance.standard_normal(31), color=OTHER, linewidth=0.8)
    leak = 520 + 12 * minutes + 8 * chance.standard_normal(31)
    axes.plot(minutes, leak, color=OURS)
    axes.plot(ahead, 520 + 12 * ahead, color=OURS, linestyle=":")
    _bound(axes, 1000, "above: 1 GB")
    axes.axvspan(30, 45, color=OURS, alpha=0.08)
    axes.text(37.5, 560, "horizon", ha="center", fontsize=8)
    axes.set_xlabel("minutes")
    axes.set_ylabel("memory, MB")


def _bound(axes: Axes, value: float, text: str) -> None:
    axes.axhline(value, color=BOUND, linestyle="--", linewidth=1)
    axes.text(
        0.01,
        value,
        text,
        color=BOUND,
        fontsize=8,
        va="bottom",
        transform=axes.get_yaxis_transform(),
    )


_DRAWINGS: dict[str, Callable[[Axes], None]] = {
    "discrete": _discrete,
    "continuous": _continuous,
    "ratio": _ratio,
    "threshold": _threshold,
    "deviation": _deviation,
    "trend": _trend,
}
