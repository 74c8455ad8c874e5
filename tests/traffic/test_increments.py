"""Increments of counters from raw samples: exact, whatever happened to the counter."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.detectors.increments import first_reads, increment
from kubervisor.traffic.measurement import Series
from tests.traffic.measured import SCRAPE, counter

LAST = 1000.0


def grown(*series: Series, since: float = -inf, beside: tuple[Series, ...] = ()) -> float:
    return increment(series, since, first_reads((*series, *beside), since)).amount


def of(*values: float, instance: str = "one") -> Series:
    return counter("p", values, last=LAST, instance=instance)


OTHER = of(*range(10))


@pytest.mark.parametrize(
    ("series", "since", "expected"),
    [
        pytest.param(of(5, 7, 12), -inf, 7, id="a counter that grows"),
        pytest.param(of(5, 5, 5), -inf, 0, id="one that does not"),
        pytest.param(of(5, 7, 2, 3), -inf, 5, id="a reset: what it shows happened since"),
        pytest.param(of(5, 0, 0), -inf, 0, id="a reset to 0"),
        pytest.param(of(5, nan, 9), -inf, 4, id="a sample that is no number is no sample"),
        pytest.param(of(5, 7, 12), LAST - SCRAPE, 5, id="from an instant on"),
        pytest.param(of(5, 7, 12), LAST - SCRAPE - 1, 5, id="from between two samples on"),
        pytest.param(of(900, 3, 12), LAST - SCRAPE, 9, id="a reset just before that instant"),
        pytest.param(of(5, 7), LAST + 1, 0, id="no sample since"),
    ],
)
def test_one_series(series: Series, since: float, expected: float) -> None:
    assert grown(series, since=since) == expected


def test_several_series_are_summed() -> None:
    assert grown(of(1, 2), of(10, 20)) == 11


class TestBirth:
    """A series whose first sample is later than its page was read counts from 0."""

    def test_it_counts_from_zero(self) -> None:
        assert grown(of(3, 4), beside=(OTHER,)) == 4

    def test_a_long_history_that_appears_with_its_page_is_no_increment(self) -> None:
        assert grown(of(7000, 7001)) == 1

    def test_a_page_that_is_read_late_hides_the_past(self) -> None:
        """The pod was not scraped for a while: what it did meanwhile has no known time."""
        assert grown(of(7000, 7001), beside=(of(90, 95),)) == 1

    def test_another_page_of_the_pod_proves_nothing(self) -> None:
        """A sidecar's page, read since long."""
        assert grown(of(7000, 7001), beside=(of(*range(10), instance="sidecar"),)) == 1

    def test_a_reading_before_the_instant_that_counts_proves_nothing(self) -> None:
        """What was counted between the instant and the sample, and what before, is not known."""
        assert grown(of(300, 301), since=LAST - SCRAPE, beside=(OTHER,)) == 1

    def test_a_series_that_had_samples_before_that_instant_was_not_born(self) -> None:
        assert grown(of(300, 301, 305), since=LAST - 2 * SCRAPE + 1, beside=(OTHER,)) == 4


@given(
    steps=st.lists(st.integers(0, 1000), min_size=1, max_size=30),
    resets=st.sets(st.integers(0, 29)),
    cut=st.integers(0, 29),
)
def test_increments_are_what_happened_between_the_samples(
    steps: list[int], resets: set[int], cut: int
) -> None:
    """A reset loses what came after the sample before it, and that counter shows no more."""
    values, total = [100.0], 0.0
    counted = []
    for index, step in enumerate(steps):
        total = values[-1]
        is_reset = index in resets and step < total
        values.append(float(step) if is_reset else total + step)
        counted.append(step)
    series = of(*values)
    cut = min(cut, len(steps))
    since = series.times[cut]

    assert grown(series, since=since) == sum(counted[cut:])
