"""Action windows: their ends, over midnight, by days, and where summer time begins and ends."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.decision.policy import Window, Windows
from kubervisor.rules.decision.windows import open_in

ZURICH = ZoneInfo("Europe/Zurich")
MONDAY, SATURDAY, SUNDAY = 0, 5, 6


def windows(start: str, end: str, *days: int, zone: ZoneInfo = ZURICH) -> Windows:
    window = Window(time.fromisoformat(start), time.fromisoformat(end), frozenset(days))
    return Windows(zone, (window,))


def at(wall: str, zone: ZoneInfo = ZURICH, fold: int = 0) -> float:
    return datetime.fromisoformat(wall).replace(tzinfo=zone, fold=fold).timestamp()


# 2026-03-02 is a Monday.
@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        (windows("22:00", "23:00"), "2026-03-02T21:59:59", 1),
        (windows("22:00", "23:00"), "2026-03-02T22:00:00", 0),
        (windows("22:00", "23:00"), "2026-03-02T22:59:59", 0),
        (windows("22:00", "23:00"), "2026-03-02T23:00:00", 23 * 3600),
        (windows("22:00", "04:00"), "2026-03-03T03:59:59", 0),
        (windows("22:00", "04:00"), "2026-03-03T04:00:00", 18 * 3600),
        (windows("22:00", "04:00", MONDAY), "2026-03-03T03:00:00", 0),
        (windows("22:00", "04:00", MONDAY), "2026-03-02T03:00:00", 19 * 3600),
        (windows("22:00", "04:00", MONDAY), "2026-03-03T22:00:00", 6 * 86400),
        (windows("00:00", "00:00", MONDAY), "2026-03-02T00:00:00", 0),
        (windows("00:00", "00:00", MONDAY), "2026-03-02T23:59:59", 0),
        (windows("00:00", "00:00", MONDAY), "2026-03-03T00:00:00", 6 * 86400),
        (windows("12:00", "12:00"), "2026-03-03T12:00:00", 0),
    ],
)
def test_a_window_is_open_from_its_start_until_its_end(
    window: Windows, now: str, expected: float
) -> None:
    assert open_in(window, at(now)) == expected


def test_any_window_will_do() -> None:
    one, other = windows("08:00", "09:00"), windows("20:00", "21:00")
    both = Windows(ZURICH, one.windows + other.windows)
    assert open_in(both, at("2026-03-02T20:30:00")) == 0
    assert open_in(both, at("2026-03-02T07:00:00")) == 3600
    assert open_in(both, at("2026-03-02T10:00:00")) == 10 * 3600


def test_without_windows_it_is_always_open() -> None:
    assert open_in(None, 0.0) == 0
    assert open_in(Windows(ZURICH), 0.0) == 0


def test_the_clock_is_that_of_the_zone() -> None:
    tokyo = windows("09:00", "10:00", zone=ZoneInfo("Asia/Tokyo"))
    assert open_in(tokyo, at("2026-03-02T00:30:00", ZoneInfo("UTC"))) == 0
    assert open_in(tokyo, at("2026-03-01T23:30:00", ZoneInfo("UTC"))) == 1800


# In Zurich, 2026-03-29 has no time from 02:00 to 03:00, and 2026-10-25 has that hour twice.
def test_a_start_that_the_clock_skips_is_when_it_skips() -> None:
    window = windows("02:30", "04:00", SUNDAY)
    assert open_in(window, at("2026-03-29T01:59:59")) == 1
    assert open_in(window, at("2026-03-29T03:00:00")) == 0
    assert open_in(window, at("2026-03-29T03:59:59")) == 0
    assert open_in(window, at("2026-03-29T04:00:00")) == 7 * 86400 - 5400


def test_an_end_that_the_clock_skips_is_when_it_skips() -> None:
    window = windows("01:00", "02:30")
    assert open_in(window, at("2026-03-29T01:59:59")) == 0
    assert open_in(window, at("2026-03-29T03:00:00")) == 22 * 3600


def test_a_window_that_the_clock_skips_does_not_open() -> None:
    window = windows("02:15", "02:45", SUNDAY)
    assert open_in(window, at("2026-03-29T01:00:00")) == 7 * 86400 + 900
    assert open_in(window, at("2026-03-29T03:00:00")) == 7 * 86400 - 2700


def test_the_first_of_two_starts_and_ends_counts() -> None:
    window = windows("02:15", "02:45", SUNDAY)
    assert open_in(window, at("2026-10-25T02:14:59")) == 1
    assert open_in(window, at("2026-10-25T02:15:00")) == 0
    assert open_in(window, at("2026-10-25T02:45:00")) == 7 * 86400 + 1800
    assert open_in(window, at("2026-10-25T02:15:00", fold=1)) == 7 * 86400


def test_a_window_over_the_hour_that_comes_twice_stays_open_through_it() -> None:
    window = windows("02:30", "03:30", SUNDAY)
    for now in (at("2026-10-25T02:30:00"), at("2026-10-25T02:10:00", fold=1)):
        assert open_in(window, now) == 0
    assert open_in(window, at("2026-10-25T03:30:00")) == 7 * 86400 - 3600


def test_a_day_that_a_zone_skips_has_no_window() -> None:
    apia = ZoneInfo("Pacific/Apia")  # had no 30 December 2011, a Friday
    friday = windows("10:00", "11:00", 4, zone=apia)
    now = at("2011-12-29T12:00:00", apia)
    assert open_in(friday, now) == at("2012-01-06T10:00:00", apia) - now


clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
zones = st.sampled_from(["UTC", "Europe/Zurich", "America/New_York", "Australia/Lord_Howe"])


@given(
    clocks,
    clocks,
    st.frozensets(st.integers(0, 6)),
    zones.map(ZoneInfo),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  a zone follows
)
def test_when_it_is_said_to_open_it_is_open_and_not_before(
    start: time, end: time, days: frozenset[int], zone: ZoneInfo, moment: datetime
) -> None:
    window = Windows(zone, (Window(start, end, days),))
    now = float(int(moment.replace(tzinfo=UTC).timestamp()))
    wait = open_in(window, now)
    assert wait is not None
    assert wait <= timedelta(days=14).total_seconds()
    assert open_in(window, now + wait) == 0
    if wait:
        assert open_in(window, now + wait - 1) == 1
