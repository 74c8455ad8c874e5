from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure, percentile, spread

FINITE = st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("samples", "percent", "expected"),
    [
        pytest.param([7], 99, 7, id="one sample is every percentile"),
        pytest.param([4, 1, 3, 2], 50, 2, id="the middle of an even number is the lower one"),
        pytest.param([3, 1, 2], 50, 2, id="the middle of an odd number is the middle one"),
        pytest.param(range(1, 101), 99, 99, id="of a hundred samples one may exceed p99"),
        pytest.param(range(1, 26), 99, 25, id="of fewer samples none may"),
        pytest.param([2, 1], 0, 1, id="the least is p0"),
        pytest.param([2, 1], 100, 2, id="the most is p100"),
    ],
)
def test_a_percentile_is_a_sample_at_its_rank(
    samples: list[int], percent: float, expected: int
) -> None:
    assert percentile(samples, percent) == expected


def test_no_samples_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


@given(st.lists(FINITE, min_size=1), st.floats(0, 100))
def test_no_more_than_the_rest_exceed_a_percentile(samples: list[float], percent: float) -> None:
    found = percentile(samples, percent)
    above = sum(sample > found for sample in samples)
    assert found in samples
    assert 100 * above <= (100 - percent) * len(samples) + 1e-6


@pytest.mark.parametrize(
    ("target", "met"),
    [
        pytest.param(None, None, id="without a target there is nothing to keep"),
        pytest.param(10.0, True, id="at the target is kept"),
        pytest.param(9.9, False, id="above the target is missed"),
    ],
)
def test_a_figure_says_whether_its_target_is_kept(target: float | None, met: bool | None) -> None:
    assert Figure("shown", 10.0, "ms", target=target).met is met


def test_a_spread_is_in_milliseconds_with_its_floor_and_targets() -> None:
    p50, p99 = spread("write", [0.001, 0.002, 0.004], floors=[0.0005], p99=0.1)
    assert p50 == Figure("write, p50", 2.0, "ms", floor=0.5, samples=3)
    assert p99 == Figure("write, p99", 4.0, "ms", floor=0.5, target=100.0, samples=3)


def test_a_spread_without_a_floor_says_none() -> None:
    assert [figure.floor for figure in spread("write", [0.001])] == [None, None]
