"""How scans in a row are counted: by uid, at most one a period, and anew after a break."""

from __future__ import annotations

import pytest

from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.scans import LATE_SECONDS, Scans

PERIOD = 60.0
A, B = PodUid("a"), PodUid("b")


def after(*found: set[PodUid], every: float = PERIOD, first: float = 1000.0) -> Scans:
    """What is known after scans that found these pods in error."""
    scans = Scans()
    for number, failing in enumerate(found):
        scans = scans.after(failing, first + number * every, PERIOD)
    return scans


@pytest.mark.parametrize(
    ("found", "count"),
    [
        pytest.param([set()], 0, id="never in error"),
        pytest.param([{A}], 1, id="once"),
        pytest.param([{A}, {A}, {A}, {A}], 4, id="four times"),
        pytest.param([{A}, {A}, {A}, set()], 0, id="recovered in the last"),
        pytest.param([{A}, {A}, set(), {A}], 1, id="recovered in between"),
        pytest.param([{B}, {A, B}, {A}], 2, id="others do not count for it"),
    ],
)
def test_scans_in_a_row_are_counted_for_each_pod(found: list[set[PodUid]], count: int) -> None:
    assert after(*found).in_a_row.get(A, 0) == count


def test_a_look_before_a_period_is_over_is_no_scan() -> None:
    once = after({A})
    assert once.after({A}, 1000 + PERIOD - 0.001, PERIOD) == once
    assert once.after(set(), 1000 + PERIOD - 0.001, PERIOD) == once
    assert once.after({A}, 1000 + PERIOD, PERIOD).in_a_row == {A: 2}


def test_the_next_scan_is_due_a_period_after_the_last() -> None:
    assert Scans().due_in(0.0, PERIOD) == 0
    assert after({A}).due_in(1010.0, PERIOD) == PERIOD - 10
    assert after({A}).due_in(2000.0, PERIOD) == 0


@pytest.mark.parametrize(
    ("late", "count"), [(0.0, 2), (LATE_SECONDS, 2), (LATE_SECONDS + 0.1, 1), (86_400.0, 1)]
)
def test_a_scan_much_too_late_begins_to_count_anew(late: float, count: int) -> None:
    assert after({A}).after({A}, 1000 + PERIOD + late, PERIOD).in_a_row == {A: count}


def test_nothing_is_remembered_of_pods_that_recovered() -> None:
    assert not after({A, B}, set()).in_a_row
