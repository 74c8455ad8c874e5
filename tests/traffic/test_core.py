"""The core of a peer group: what its pods agree on, and how far they scatter."""

from __future__ import annotations

import pytest

from kubervisor.traffic.detectors.core import PRIOR_SPREAD, Core, core_of, grow_core
from kubervisor.traffic.detectors.counts import Count


def pods(*failures: float, events: float = 1200) -> list[Count]:
    return [Count(k, events) for k in failures]


@pytest.mark.parametrize(
    ("counts", "apart"),
    [
        pytest.param(pods(*[12] * 10), set(), id="all alike"),
        pytest.param(pods(600, *[12] * 9), {0}, id="one of ten"),
        pytest.param(pods(*[600] * 4, *[12] * 6), {0, 1, 2, 3}, id="four of ten"),
        pytest.param(pods(600, 12), {0}, id="one of two"),
        pytest.param(pods(12), set(), id="one alone"),
        pytest.param(pods(12, 24, 36, 48, 60, 72, 84), set(), id="pods that differ a lot"),
    ],
)
def test_who_does_not_join(counts: list[Count], apart: set[int]) -> None:
    assert grow_core(counts, minimum_effect=0.03)[1] == apart


def test_outliers_do_not_move_the_core() -> None:
    core, _ = grow_core(pods(*[600] * 4, *[12] * 6), minimum_effect=0.03)

    assert (core.pods, core.share) == (6, 0.01)


def test_one_large_pod_does_not_speak_for_all() -> None:
    """Its 0.1 % would be the pooled share."""
    core = core_of([Count(1000, 1_000_000), *pods(24, 24, 24, 24)])

    assert core.share == 0.02


def test_many_small_counts_are_pooled() -> None:
    """Their median is 0."""
    assert core_of(pods(*[0] * 6, *[1] * 4, events=20)).share == pytest.approx(0.02)


def spread(*failures: float) -> float:
    return core_of(pods(*failures)).spread


def test_a_few_pods_that_agree_do_not_prove_that_all_do() -> None:
    assert spread(12, 12) > 0.95 * PRIOR_SPREAD


def test_a_large_fleet_with_few_failures_is_believed() -> None:
    assert spread(*[1] * 50) < 0.6 * spread(*[1] * 2)


def test_pods_that_differ_widen_the_spread() -> None:
    """A base of 3 % with a variation of 1."""
    assert spread(*[2, 4, 8, 12, 20, 30, 40, 60, 90, 120] * 3) > 3 * PRIOR_SPREAD


def test_a_single_wide_pod_does_not_hide_itself_or_others() -> None:
    core, apart = grow_core(pods(120, 300, *[12] * 8), minimum_effect=0.03)

    assert apart == {0, 1}
    assert core.chance(Count(120, 1200)) < 1e-9


def test_the_core_of_nobody_failing_still_expects_some() -> None:
    core = core_of(pods(0, 0, 0))

    assert core.share == 0.0
    assert core.expected > 0.005


def chance(peers: list[Count], count: Count) -> float:
    return grow_core(peers, minimum_effect=0.03)[0].chance(count)


def test_peers_that_prove_a_low_share_make_a_pod_stand_out_sooner() -> None:
    """Half an hour ago it needed more failures: what is assumed beforehand is 1 %."""
    core = core_of(pods(*[1] * 9))
    failing = Count(60, 1200)

    assert chance(pods(*[1] * 9), failing) < core.chance(failing) / 100


def test_two_peers_that_fail_little_prove_less_than_nine() -> None:
    failing = Count(60, 1200)

    assert chance(pods(1, 1), failing) > 100 * chance(pods(*[1] * 9), failing)


def test_peers_without_requests_to_speak_of_prove_nothing() -> None:
    few = pods(0, 0, events=10)

    assert chance(few, Count(60, 1200)) > core_of(few).chance(Count(60, 1200)) / 2


@pytest.mark.parametrize("failures", [0, 1, 3, 6, 11, 12, 60])
@pytest.mark.parametrize("size", [1, 2, 9, 50])
def test_what_the_fleet_may_be_has_a_chance_of_one_in_all(failures: int, size: int) -> None:
    core, _ = grow_core(pods(*[failures] * size), minimum_effect=0.03)

    assert bool(core.likely) == (failures < 12)
    assert core.chance(Count(1200, 1200)) < core.chance(Count(0, 1200)) == pytest.approx(1)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("size", [1, 2, 10])
def test_every_fleet_has_a_core(share: float, size: int) -> None:
    core = core_of(pods(*[1200 * share] * size))

    assert isinstance(core, Core)
    assert core.spread > 0
    assert 0 <= core.chance(Count(1200, 1200)) <= 1
