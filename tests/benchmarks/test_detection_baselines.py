"""Each published rule on arrays made for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.detection.baselines import (
    dbscan,
    envoy_failure_percentage,
    envoy_success_rate,
    grpc_a50,
    mad,
)
from benchmarks.detection.baselines.rule import Window
from benchmarks.detection.ejector import ejecting
from kubervisor.simulation.loop import run
from kubervisor.simulation.record import Did
from kubervisor.simulation.scenario import Fault, Scenario


def a_window(failures: Sequence[float], *, requests: float = 200, spans: int = 1) -> Window:
    """Each pod fails so many of `requests` in every span; a request takes 50 ms."""
    failed = np.tile(np.array(failures, dtype=float), (spans, 1))
    everything = np.full_like(failed, requests)
    return Window(
        failed, everything - failed, 0.05 * everything, np.ones(len(failures), dtype=bool)
    )


def found(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    return [int(pod) for pod in np.flatnonzero(mask)]


def test_envoy_finds_one_of_ten() -> None:
    assert found(envoy_success_rate.outliers(a_window([2] * 9 + [100]))) == [9]


def test_envoy_is_blind_to_three_of_ten_that_hide_one_another() -> None:
    assert found(envoy_success_rate.outliers(a_window([2] * 7 + [100] * 3))) == []


@pytest.mark.parametrize(
    "window",
    [a_window([2, 2, 2, 100]), a_window([2] * 9 + [50], requests=99)],
    ids=["four hosts", "99 requests"],
)
def test_envoy_asks_for_five_hosts_with_a_hundred_requests(window: Window) -> None:
    assert found(envoy_success_rate.outliers(window)) == []


def test_failure_percentage_wants_85_percent() -> None:
    assert found(envoy_failure_percentage.outliers(a_window([2] * 4 + [169, 170]))) == [5]
    assert found(envoy_failure_percentage.outliers(a_window([2, 2, 2, 200]))) == []


def test_grpc_asks_both_and_wants_more_than_85_percent() -> None:
    assert found(grpc_a50.outliers(a_window([2] * 9 + [100]))) == [9]
    assert found(grpc_a50.outliers(a_window([2] * 4 + [180] * 3))) == [4, 5, 6]
    assert found(grpc_a50.outliers(a_window([2] * 4 + [170] * 3))) == []


def test_mad_without_a_floor_flags_what_hardly_differs() -> None:
    failures = [2.0, 2.1, 1.9, 2.0, 2.05, 1.95, 2.0, 2.5]
    assert found(mad.outliers(a_window(failures, spans=15))) == [7]


def test_mad_wants_a_fifth_of_the_points() -> None:
    window = a_window([2, 2.1, 1.9, 2, 2.05, 1.95, 2], spans=15)
    window.failures[:3, 6] = 100
    assert found(mad.outliers(window)) == []
    window.failures[:4, 6] = 100
    assert found(mad.outliers(window)) == [6]


def test_dbscan_leaves_out_who_is_far_and_above() -> None:
    assert found(dbscan.outliers(a_window([10, 11, 9, 10, 12, 60], spans=15))) == [5]
    assert found(dbscan.outliers(a_window([40, 41, 39, 40, 42, 2], spans=15))) == []
    assert found(dbscan.outliers(a_window([2, 100], spans=15))) == []


def test_pods_that_are_out_are_nobody_s_outliers() -> None:
    window = a_window([2] * 9 + [100])
    window.serving[9] = False
    assert found(envoy_success_rate.outliers(window)) == []


def test_an_ejected_pod_is_out_for_30_s_more_each_time() -> None:
    scenario = Scenario(pods=10, faults=(Fault(pods=(4,), start=60, error_percent=95),))
    record = run(scenario, ejecting(envoy_failure_percentage.RULE), seed=1)
    assert {action.pod for action in record.actions} == {4}
    ejected = [action.at for action in record.actions if action.did is Did.EJECTED]
    returned = [action.at for action in record.actions if action.did is Did.RETURNED]
    holds = [back - out for out, back in zip(ejected, returned, strict=False)]
    assert holds[:2] == [30, 60] or holds[:2] == [30, 30]
    assert all(action.at % 10 == ejected[0] % 10 for action in record.actions)


def test_a_cap_of_ten_percent_leaves_the_second_in() -> None:
    scenario = Scenario(pods=10, faults=(Fault(pods=(1, 4), start=60, error_percent=95),))
    record = run(scenario, ejecting(envoy_failure_percentage.RULE), seed=1)
    assert record.fewest_serving == 9
