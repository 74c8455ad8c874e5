"""How long a pod stays out: the original's lengths, back-off, jitter, clock steps; retries."""

from __future__ import annotations

import pytest

from kubervisor.traffic.holds import (
    DECAY_SECONDS,
    hold_length,
    remaining_hold,
    retries_at_ejection,
)
from kubervisor.traffic.model import Ejection
from kubervisor.traffic.policy import ActivatorPolicy
from tests.builders import NOW, a_pod, an_activator

HOUR = 3600.0


@pytest.mark.parametrize(
    ("activator", "lengths"),
    [
        pytest.param(an_activator(period=15), [15, 15, 15, 15], id="periodic: constant"),
        pytest.param(an_activator("retryAndKill", period=15), [15, 30, 45, 60], id="kill: linear"),
        pytest.param(
            an_activator("retryAndPause", period=15), [15, 30, 45, 60], id="pause: linear"
        ),
        pytest.param(
            an_activator(period=15, max_period=100),
            [15, 30, 60, 100, 100],
            id="exponential, capped",
        ),
        pytest.param(
            an_activator("retryAndKill", period=15, max_period=100),
            [15, 30, 60, 100],
            id="a cap makes the retry modes exponential too",
        ),
        pytest.param(
            an_activator(period=200, max_period=100), [100, 100], id="cap below the period"
        ),
    ],
)
def test_length_by_retries(activator: ActivatorPolicy, lengths: list[float]) -> None:
    assert [hold_length(activator, n + 1, seed="") for n in range(len(lengths))] == lengths


@pytest.mark.parametrize("retries", [0, -3])
def test_a_retry_count_below_one_counts_as_one(retries: int) -> None:
    assert hold_length(an_activator("retryAndKill", period=15), retries, seed="") == 15


def test_many_retries_do_not_overflow() -> None:
    assert hold_length(an_activator(period=1e6, max_period=1e9), 10**9, seed="") == 1e9


def test_jitter_lengthens_within_its_bounds_and_is_the_same_each_time() -> None:
    activator = an_activator(period=100, jitter_percent=10)

    lengths = [hold_length(activator, 1, seed=f"pod-{n}") for n in range(200)]

    assert all(100 <= length < 110 for length in lengths)
    assert max(lengths) - min(lengths) > 5
    assert lengths == [hold_length(activator, 1, seed=f"pod-{n}") for n in range(200)]


def ejection(*, at: float | None = None, until: float | None = None) -> Ejection:
    return Ejection("id", "errors", at=at, until=until)


@pytest.mark.parametrize(
    ("ejected", "left"),
    [
        pytest.param(ejection(at=NOW - 4, until=NOW + 6), 6, id="until is in 6 s"),
        pytest.param(ejection(at=NOW - 20, until=NOW - 10), 0, id="until has passed"),
        pytest.param(ejection(at=NOW - 4), 6, id="the original's breakAt, 4 s ago"),
        pytest.param(ejection(at=NOW - 50 * 365 * 86400), 0, id="breakAt in the seventies: due"),
        pytest.param(
            ejection(at=NOW + 52 * 365 * 86400),
            10,
            id="breakAt in 2078 (deviation: the configured length at most, not for ever)",
        ),
        pytest.param(ejection(), 10, id="unreadable (deviation: counts from now, no error)"),
        pytest.param(
            ejection(at=NOW, until=NOW + HOUR), 10, id="the clock stepped back an hour: no longer"
        ),
        pytest.param(
            ejection(at=NOW + HOUR, until=NOW + HOUR + 10),
            10,
            id="ejected in the future: no longer",
        ),
    ],
)
def test_seconds_left_at_first_sight(ejected: Ejection, left: float) -> None:
    assert remaining_hold(ejected, 10, NOW) == left


@pytest.mark.parametrize(
    ("retries", "good_for", "carried"),
    [
        pytest.param(0, None, 1, id="the first ejection"),
        pytest.param(3, 0, 4, id="again at once"),
        pytest.param(3, DECAY_SECONDS - 1, 4, id="almost ten minutes of good traffic"),
        pytest.param(3, DECAY_SECONDS, 3, id="ten minutes forgive one"),
        pytest.param(3, 2 * DECAY_SECONDS, 2, id="twenty forgive two"),
        pytest.param(3, 30 * 86400, 1, id="a month forgives all"),
        pytest.param(3, None, 4, id="a retry count without a known return is kept"),
        pytest.param(3, -HOUR, 4, id="a return in the future forgives nothing"),
    ],
)
def test_retries_decay_with_good_traffic(
    retries: int, good_for: float | None, carried: int
) -> None:
    pod = a_pod().returned(NOW, retries=retries)
    if good_for is None:
        pod = a_pod().ejected(retries=retries)

    assert retries_at_ejection(pod, NOW + (good_for or 0.0)) == carried
