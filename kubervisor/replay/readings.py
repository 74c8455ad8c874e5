"""The numbers that a detector judges by, for all steps and pods of a page at once.

They screen steps and draw plots; what is decided is decided by the detector itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kubervisor.replay.increments import increments
from kubervisor.replay.members import Roll
from kubervisor.replay.pages import Page
from kubervisor.replay.past import Instants, Mask, Past, Stretches
from kubervisor.sources.history import Array, Line
from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    DetectorPolicy,
    DeviationPolicy,
    Direction,
    DiscretePolicy,
    RatioPolicy,
    ThresholdPolicy,
)
from kubervisor.traffic.detectors.counts import EXTRAPOLATION
from kubervisor.traffic.patterns import compile_pattern
from kubervisor.traffic.policy import BreakerPolicy


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """[steps x pods]: `value` is NaN where there is none, in `unit`; `bad` of `total` events where
    the detector counts them.
    """

    value: Array
    unit: str
    bad: Array | None = None
    total: Array | None = None

    def only(self, counted: Mask) -> Readings:
        """The same without what is not counted: no events, no value."""
        return Readings(
            np.where(counted, self.value, np.nan),
            self.unit,
            None if self.bad is None else np.where(counted, self.bad, 0.0),
            None if self.total is None else np.where(counted, self.total, 0.0),
        )

    def of(self, columns: Sequence[int]) -> Readings:
        """The same of some pods."""
        return Readings(
            self.value[:, columns],
            self.unit,
            None if self.bad is None else self.bad[:, columns],
            None if self.total is None else self.total[:, columns],
        )

    @property
    def judgeable(self) -> Mask:
        """Where the pod has anything to be judged by."""
        found: Mask = np.isfinite(self.value)
        return found if self.total is None else self.total > 0


def readings_of(breaker: BreakerPolicy, page: Page, roll: Roll) -> Readings:
    """The readings of the breaker's answers, a column for each name of the roll.

    Made once for each page and breaker: settings that alternatives change are not in them.
    """
    known = page.readings.get(breaker.name)
    if known is None:
        read = READERS.get(type(breaker.detector), _any_value)
        known = page.readings[breaker.name] = read(breaker.detector, page.of(breaker), roll)
    assert isinstance(known, Readings)
    return known


def _discrete(policy: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    (past,) = pasts
    assert isinstance(policy, DiscretePolicy)
    assert isinstance(past, Instants)
    bad, total = np.zeros((2, len(past.times), len(roll.names)))
    reset: Mask = np.zeros(bad.shape, dtype=bool)
    for line, column in enumerate(roll.columns(past.pods)):
        values = np.where(np.isfinite(past.values[:, line]), past.values[:, line], 0.0)
        total[:, column] += values
        value = past.lines[line].labels.get(policy.key, "")
        if not (value in policy.good if policy.good else value not in policy.bad):
            bad[:, column] += values
        reset[:, column] |= values < 0
    total[reset] = 0.0
    return Readings(_percent(bad, total), "%", bad, total)


def _share(detector: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    """Failures of events: by code in one answer, or two answers, the second of which is events."""
    assert isinstance(detector, RatioPolicy | ThresholdPolicy)
    bad, total = np.zeros((2, len(pasts[0].times), len(roll.names)))
    counted = _counted(pasts)
    for line, column in enumerate(roll.columns(pasts[0].pods)):
        if _is_bad(detector, pasts[0].lines[line]):
            bad[:, column] += counted[0][:, line]
    for line, column in enumerate(roll.columns(pasts[-1].pods)):
        total[:, column] += counted[-1][:, line]
    # Not judged: a reset within delta(), and expressions that do not belong together.
    total[np.isnan(bad) | np.isnan(total) | (bad > EXTRAPOLATION * total + 1)] = 0.0
    return Readings(_percent(np.minimum(bad, total), total), "%", bad, total)


def _is_bad(detector: RatioPolicy | ThresholdPolicy, line: Line) -> bool:
    if not isinstance(detector, RatioPolicy) or not detector.code_label:
        return True
    return compile_pattern(detector.bad_codes).fullmatch(line.labels.get(detector.code_label, ""))


def _counted(pasts: tuple[Past, ...]) -> list[Array]:
    """[steps x lines] for each answer: how many events in the window of the step; NaN where that
    is not known.
    """
    raw = [past for past in pasts if isinstance(past, Stretches)]
    return [
        increments(past, raw) if isinstance(past, Stretches) else _events(past.values)
        for past in pasts
        if isinstance(past, Stretches | Instants)
    ]


def _events(values: Array) -> Array:
    counted: Array = np.where(np.isfinite(values), values, 0.0)
    counted[values < 0] = np.nan
    return counted


def _threshold(detector: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    """A share where there are two answers, as a number from 0 to 1; else the worst value."""
    assert isinstance(detector, ThresholdPolicy)
    if len(pasts) == 1:
        return Readings(_worst(pasts[0], roll, np.fmin if detector.above is None else np.fmax), "")
    share = _share(detector, pasts, roll)
    return Readings(share.value / 100, "share", share.bad, share.total)


def _deviation(detector: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    """The worst value of each pod that has enough requests."""
    assert isinstance(detector, DeviationPolicy)
    value = _worst(pasts[0], roll, np.fmin if detector.direction is Direction.DOWN else np.fmax)
    if len(pasts) > 1:
        requests, counted = np.zeros(value.shape), _counted(pasts)[1]
        for line, column in enumerate(roll.columns(pasts[1].pods)):
            requests[:, column] += counted[:, line]
        value[~(requests >= detector.minimum_activity)] = np.nan
    return Readings(value, "")


def _continuous(_: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    """The worst value of each pod, in percent of deviation."""
    (past,) = pasts
    assert isinstance(past, Instants)
    worst = np.full((len(past.times), len(roll.names)), np.nan)
    for line, column in enumerate(roll.columns(past.pods)):
        values = past.values[:, line]
        deviation = np.where(np.isfinite(values), 100 * np.abs(1 - values), np.nan)
        worst[:, column] = np.fmax(worst[:, column], deviation)
    return Readings(worst, "% deviation")


def _any_value(_: DetectorPolicy, pasts: tuple[Past, ...], roll: Roll) -> Readings:
    """The largest current value of each pod in the first answer."""
    return Readings(_worst(pasts[0], roll, np.fmax), "")


def _worst(past: Past, roll: Roll, worse: np.ufunc) -> Array:
    """[steps x pods]: the worst finite value among the pod's lines."""
    value = np.full((len(past.times), len(roll.names)), np.nan)
    for line, column in enumerate(roll.columns(past.pods)):
        current = _current(past, line)
        value[:, column] = worse(value[:, column], np.where(np.isfinite(current), current, np.nan))
    return value


def _current(past: Past, line: int) -> Array:
    if isinstance(past, Instants):
        values: Array = past.values[:, line]
        return values
    assert isinstance(past, Stretches)
    begins, ends = past.spans
    there = ends[:, line] > begins[:, line]
    current = np.full(len(past.times), np.nan)
    current[there] = past.lines[line].values[ends[there, line] - 1]
    return current


def _percent(part: Array, whole: Array) -> Array:
    share = np.full(whole.shape, np.nan)
    np.divide(100 * part, whole, out=share, where=whole > 0)
    return share


Reader = Callable[[DetectorPolicy, tuple[Past, ...], Roll], Readings]
READERS: dict[type, Reader] = {
    DiscretePolicy: _discrete,
    ContinuousPolicy: _continuous,
    RatioPolicy: _share,
    ThresholdPolicy: _threshold,
    DeviationPolicy: _deviation,
}
