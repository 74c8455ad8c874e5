"""Which steps could hold an outlier: only those need to be judged.

A screen may name too many steps, never too few; what its steps hold, the detector says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kubervisor.replay.members import Roll
from kubervisor.replay.pages import Page
from kubervisor.replay.past import Mask
from kubervisor.replay.readings import Readings, readings_of
from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    DetectorPolicy,
    DeviationPolicy,
    DiscretePolicy,
    NoData,
    RatioPolicy,
    ThresholdPolicy,
)
from kubervisor.traffic.detectors.screening import (
    SMALLEST_GROUP,
    deviation_suspects,
    ratio_suspects,
    threshold_suspects,
)
from kubervisor.traffic.peers import group_of
from kubervisor.traffic.policy import BreakerPolicy


class Screen:
    """One breaker's screen over one page. Its evaluations are every `stride` steps."""

    def __init__(
        self,
        breaker: BreakerPolicy,
        page: Page,
        roll: Roll,
        *,
        stride: int,
        peer_group: str | None,
    ) -> None:
        self.breaker = breaker
        self._groups = _columns_by_group(roll, peer_group)
        self._readings, self._roll = readings_of(breaker, page, roll), roll
        self._first, self._stride = page.first, stride
        self._suspected: dict[frozenset[str], Mask] = {}

    def first(self, start: int, end: int, hidden: frozenset[str], restless: Sequence[str]) -> int:
        """The first evaluation from the step `start` on that matters; `end` where none does.

        `hidden` are pods without samples, `restless` those that matter whenever they can be judged.
        """
        start += -(self._first + start) % self._stride
        matters = self._suspects(hidden)[start : end : self._stride]
        if restless:
            columns = self._roll.columns(restless)
            judgeable = self._readings.judgeable[start : end : self._stride, columns]
            matters = matters | of_any_pod(judgeable)
        if not matters.any():
            return end
        return start + self._stride * int(np.argmax(matters))

    def _suspects(self, hidden: frozenset[str]) -> Mask:
        found = self._suspected.get(hidden)
        if found is None:
            counted = self._roll.ready.copy()
            counted[:, [name in hidden for name in self._roll.names]] = False
            readings = self._readings.only(counted)
            found = self._silent(readings, counted, hidden)
            for columns in self._groups:
                group = readings.of(columns)
                found |= suspects(self.breaker.detector, group)
                if len(self._groups) > 1:
                    found |= _too_small(group)
            self._suspected[hidden] = found
        return found

    def _silent(self, readings: Readings, counted: Mask, hidden: frozenset[str]) -> Mask:
        """Where a pod without samples may be an outlier for that."""
        no_data = getattr(self.breaker.detector, "no_data", NoData.IGNORE)
        if no_data is NoData.IGNORE:
            return np.zeros(len(counted), dtype=bool)
        if hidden:
            return np.ones(len(counted), dtype=bool)
        return of_any_pod(counted & ~readings.judgeable)


def _columns_by_group(roll: Roll, peer_group: str | None) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(roll.names):
        pod = roll.pods.get(name)
        group = group_of(pod, peer_group) if pod else ""
        groups.setdefault(group, []).append(column)
    return list(groups.values())


def _too_small(group: Readings) -> Mask:
    """Where so few pods of a group can be judged that they are compared with all others."""
    known = np.count_nonzero(group.judgeable, axis=1)
    few: Mask = (known >= 1) & (known < SMALLEST_GROUP)
    return few


SLACK = 1e-6
"""Percent: sums in another order differ by rounding, never by this."""


def suspects(detector: DetectorPolicy, readings: Readings) -> Mask:
    """[steps]: True where one of the pods, a peer group, could be an outlier."""
    value, total = readings.value, readings.total
    match detector:
        case DiscretePolicy():
            assert total is not None
            # On probation half the activity suffices.
            enough = total >= detector.minimum_activity / 2 - SLACK
            return of_any_pod(enough & (value > detector.tolerance_percent - SLACK))
        case ContinuousPolicy():
            return of_any_pod(value > detector.max_deviation_percent - SLACK)
        case RatioPolicy():
            assert total is not None
            assert readings.bad is not None
            return ratio_suspects(readings.bad, total, detector)
        case ThresholdPolicy():
            return threshold_suspects(value, detector)
        case DeviationPolicy():
            return deviation_suspects(value, detector)
        case _:
            return np.ones(len(value), dtype=bool)


def of_any_pod(found: Mask) -> Mask:
    """[steps]: True where it is so of a pod."""
    steps: Mask = np.logical_or.reduce(found, axis=1)
    return steps
