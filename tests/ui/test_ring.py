"""A ring holds the newest minutes of every pod, in order, whatever comes and goes."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.ui.grid import Cell
from kubervisor.ui.ring import STEPS_BACK, PodId, Ring

FINE, SERVING = 1, 1
PODS = [PodId(f"uid-{number}", f"web-{number}") for number in range(6)]


def cell(value: float, events: float = nan, margin: float = nan) -> Cell:
    return Cell(value, events, margin, FINE, SERVING)


def put(ring: Ring, minute: int, values: dict[PodId, float], line: float = nan) -> None:
    cells = [cell(value) for value in values.values()]
    ring.put(minute, list(values), cells, baseline=line, threshold=line)


def column(ring: Ring, pod: PodId) -> list[float | None]:
    return [None if isnan(found.value) else found.value for found in ring.column(pod)]


steps = st.lists(
    st.tuples(
        st.integers(0, 9),  # minutes since the step before
        st.dictionaries(st.sampled_from(PODS), st.integers(0, 1000).map(float), max_size=6),
    ),
    max_size=40,
)


@given(steps=steps, limit=st.integers(1, 12))
def test_what_is_read_is_what_was_put_last_in_each_minute(
    steps: list[tuple[int, dict[PodId, float]]], limit: int
) -> None:
    ring, model, minute = Ring(limit), dict[int, dict[PodId, float]](), 1000
    for later, values in steps:
        minute += later
        put(ring, minute, values)
        model[minute] = model.get(minute, {}) | values
    kept = {at: values for at, values in model.items() if at > minute - limit}
    if not kept:
        assert ring.minutes == 0
        return
    assert ring.start + ring.minutes - 1 == minute
    assert ring.start >= minute - limit + 1
    assert ring.start <= min(kept)
    everyone = {pod for values in kept.values() for pod in values}
    assert everyone <= set(ring.pods)
    for pod in ring.pods:
        said = [kept.get(at, {}).get(pod) for at in range(ring.start, minute + 1)]
        assert column(ring, pod) == said


@given(steps=steps, limit=st.integers(1, 60))
def test_it_never_takes_more_than_its_pods_and_minutes_explain(
    steps: list[tuple[int, dict[PodId, float]]], limit: int
) -> None:
    ring, minute, seen = Ring(limit), 1000, dict[PodId, int]()
    for later, values in steps:
        minute += later
        put(ring, minute, values)
        seen |= dict.fromkeys(values, minute)
        assert ring.nbytes <= len(PODS) * (9 * limit + 24) + 8 * limit + 900


def test_a_pod_and_minute_of_a_fleet_takes_at_most_twelve_bytes() -> None:
    ring, pods = Ring(60), [PodId(f"u{number}", f"p{number}") for number in range(100)]
    for minute in range(1, 61):
        put(ring, minute, dict.fromkeys(pods, 1.0))
    assert ring.nbytes <= 12 * 100 * 60


def test_a_pod_that_is_gone_for_a_whole_span_leaves_its_column_to_another() -> None:
    ring = Ring(3)
    put(ring, 1, {PODS[0]: 1.0})
    put(ring, 9, {PODS[1]: 2.0})
    assert ring.pods == (PODS[1],)
    assert column(ring, PODS[1]) == [2.0]


def test_shortened_it_keeps_the_newest_minutes_and_takes_less() -> None:
    ring = Ring(8)
    put(ring, 1, {PODS[5]: 9.0})
    for minute in range(2, 9):
        put(ring, minute, {PODS[0]: float(minute), PODS[1]: -float(minute)}, line=minute)
    before = ring.nbytes
    ring.shorten()
    assert ring.nbytes < before
    assert (ring.start, ring.minutes, ring.limit) == (5, 4, 4)
    assert set(ring.pods) == {PODS[0], PODS[1]}
    assert column(ring, PODS[1]) == [-5.0, -6.0, -7.0, -8.0]
    assert [threshold for _, threshold in ring.lines()] == [5.0, 6.0, 7.0, 8.0]
    put(ring, 9, {PODS[0]: 9.0})
    assert column(ring, PODS[0]) == [6.0, 7.0, 8.0, 9.0]


def test_a_reader_s_copy_stays_as_it_is() -> None:
    ring = Ring(4)
    put(ring, 1, {PODS[0]: 1.0})
    copy = ring.copy()
    put(ring, 2, {PODS[0]: 2.0, PODS[1]: 3.0})
    assert column(copy, PODS[0]) == [1.0]
    assert copy.pods == (PODS[0],)


def test_an_amended_sample_takes_the_place_of_that_of_the_newest_minute() -> None:
    ring = Ring(4)
    put(ring, 1, {PODS[0]: 1.0})
    put(ring, 2, {PODS[1]: 1.0})
    ring.amend(PODS[1], cell(7.0))
    ring.amend(PODS[0], cell(7.0))  # has no sample of that minute
    ring.amend(PODS[2], cell(7.0))  # has none at all
    assert column(ring, PODS[1]) == [None, 7.0]
    assert column(ring, PODS[0]) == [1.0, None]


@pytest.mark.parametrize("number", [inf, -inf, 1e300, -1e300])
def test_numbers_beyond_what_is_kept_become_the_largest_that_is(number: float) -> None:
    ring = Ring(4)
    extreme = cell(number, events=abs(number), margin=number)
    ring.put(1, [PODS[0]], [extreme], baseline=number, threshold=nan)
    (kept,) = ring.column(PODS[0])
    assert abs(kept.value) > 1e37
    assert kept.events == 65_504
    assert abs(kept.margin) == 65_504
    assert (kept.value > 0) == (kept.margin > 0) == (number > 0)


def test_a_clock_set_right_by_a_moment_loses_nothing() -> None:
    ring = Ring(4)
    put(ring, 10, {PODS[0]: 1.0})
    put(ring, 10 - STEPS_BACK, {PODS[0]: 2.0})
    assert column(ring, PODS[0]) == [1.0]


def test_a_clock_set_back_begins_anew_rather_than_to_stand_still() -> None:
    ring = Ring(4)
    put(ring, 100, {PODS[0]: 1.0})
    put(ring, 50, {PODS[1]: 2.0})
    assert (ring.start, ring.minutes, ring.pods) == (50, 1, (PODS[1],))


def test_the_same_pods_again_are_known_whatever_happened_meanwhile() -> None:
    ring, pods, one = Ring(8), PODS[:3], PODS[5:]
    ring.put(1, one, [cell(0.5)], baseline=nan, threshold=nan)
    for minute in (2, 3, 4):
        ring.put(minute, pods, [cell(minute)] * 3, baseline=nan, threshold=nan)
    ring.shorten()
    for minute in (5, 6, 7):
        ring.put(minute, pods, [cell(minute)] * 3, baseline=nan, threshold=nan)
    ring.put(20, pods, [cell(20)] * 3, baseline=nan, threshold=nan)
    assert [column(ring, pod) for pod in pods] == [[20.0]] * 3
    ring.put(21, one, [cell(21)], baseline=nan, threshold=nan)
    assert column(ring, one[0]) == [None, 21.0]
