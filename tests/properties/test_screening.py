"""What screening lets pass, the detector finds no outlier in: for any numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.detector_policy import (
    DetectorPolicy,
    DeviationPolicy,
    Direction,
    ThresholdPolicy,
)
from kubervisor.traffic.detectors.screening import (
    deviation_suspects,
    ratio_suspects,
    threshold_suspects,
)
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.policy import ActivatorPolicy
from tests.builders import NOW, a_pod, fleet_of
from tests.traffic.measured import RATIO, SOURCE, failing, instant, judged, outliers, samples

counts = st.integers(0, 2000).flatmap(
    lambda n: st.tuples(st.one_of(st.integers(0, n), st.integers(0, n // 10)), st.just(n))
)
values = st.one_of(st.just(float("nan")), st.floats(-2, 10), st.floats(0.9, 1.1), st.just(0.0))


def found(policy: DetectorPolicy, measurement: Measurement, pods: int, *, back: bool) -> list[str]:
    """The outliers; with `back` every pod is on probation, and so more easily judged."""
    drafts = [a_pod(f"p{index}") for index in range(pods)]
    fleet = fleet_of(*(draft.returned(NOW - 100) if back else draft for draft in drafts))
    activator = ActivatorPolicy(probation=300.0 if back else 0.0)
    return outliers(judged(policy, measurement, fleet, activator=activator))


def by_pod(numbers: Sequence[float]) -> dict[str, float]:
    return {f"p{index}": number for index, number in enumerate(numbers) if not isnan(number)}


@given(fleet=st.lists(counts, min_size=1, max_size=12), back=st.booleans())
def test_ratio(fleet: list[tuple[int, int]], back: bool) -> None:
    policy = replace(RATIO, alpha=0.5)
    failures, events = (np.array([column], dtype=float) for column in zip(*fleet, strict=True))
    measurement = failing({f"p{index}": (k, n) for index, (k, n) in enumerate(fleet)})

    if not ratio_suspects(failures, events, policy)[0]:
        assert found(policy, measurement, len(fleet), back=back) == []


@given(
    fleet=st.lists(values, min_size=1, max_size=12),
    direction=st.sampled_from(Direction),
    factor=st.floats(1, 3),
)
def test_deviation(fleet: list[float], direction: Direction, factor: float) -> None:
    policy = DeviationPolicy(
        SOURCE, instant("latency"), direction=direction, minimum_factor=factor, maximum_score=0.5
    )

    if not deviation_suspects(np.array([fleet]), policy)[0]:
        assert found(policy, samples(by_pod(fleet)), len(fleet), back=False) == []


@given(
    fleet=st.lists(values, min_size=1, max_size=5),
    bound=st.floats(-2, 10),
    above=st.booleans(),
)
def test_threshold(fleet: list[float], bound: float, above: bool) -> None:
    policy = ThresholdPolicy(
        SOURCE,
        instant("queue"),
        above=bound if above else None,
        below=None if above else bound,
    )

    if not threshold_suspects(np.array([fleet]), policy)[0]:
        assert found(policy, samples(by_pod(fleet)), len(fleet), back=False) == []


@given(fleet=st.lists(counts, min_size=1, max_size=5), bound=st.floats(0, 1), back=st.booleans())
def test_threshold_of_shares(fleet: list[tuple[int, int]], bound: float, back: bool) -> None:
    policy = ThresholdPolicy(SOURCE, instant("errors", "total"), above=bound)
    shares = np.array([[k / n if n else np.nan for k, n in fleet]])
    measurement = failing({f"p{index}": (k, n) for index, (k, n) in enumerate(fleet)})

    if not threshold_suspects(shares, policy)[0]:
        assert found(policy, measurement, len(fleet), back=back) == []
