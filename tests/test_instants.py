"""Instants are read and written in one way, wherever they come from and go to."""

from __future__ import annotations

import pytest

from kubervisor import instants
from kubervisor.instants import Precision
from kubervisor.replay.instants import instant, rfc3339

TEXT = "2024-05-01T10:00:00Z"
AT = 1714557600.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(TEXT, AT, id="UTC"),
        pytest.param("2024-05-01T10:00:00.25Z", AT + 0.25, id="with a fraction"),
        pytest.param("2024-05-01T10:00:00.123456789Z", AT + 0.123456, id="with nanoseconds"),
        pytest.param("2024-05-01T12:00:00+02:00", AT, id="east of Greenwich"),
        pytest.param("2024-05-01T04:30:00-05:30", AT, id="west of Greenwich"),
        pytest.param("2024-05-01T10:00:00", None, id="without a zone"),
        pytest.param("2024-05-01", None, id="a day"),
        pytest.param("2024-13-01T10:00:00Z", None, id="no such month"),
        pytest.param("2024-05-01T10:00:60Z", None, id="a leap second"),
        pytest.param("Time is what the clock says.", None, id="words"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_text_is_an_instant_or_none(text: str | None, expected: float | None) -> None:
    assert instants.parse(text) == expected


@pytest.mark.parametrize(
    ("precision", "text"),
    [
        ("seconds", "2024-05-01T10:00:00Z"),
        ("milliseconds", "2024-05-01T10:00:00.987Z"),
        ("microseconds", "2024-05-01T10:00:00.987654Z"),
    ],
)
def test_what_is_finer_than_the_precision_is_cut_off(precision: Precision, text: str) -> None:
    assert instants.render(AT + 0.987654, precision) == text


def test_an_instant_is_read_as_it_was_written() -> None:
    assert instants.parse(instants.render(AT + 0.123, "milliseconds")) == AT + 0.123


@pytest.mark.parametrize(
    ("at", "text"),
    [
        pytest.param(AT, "2024-05-01T10:00:00Z", id="a whole second"),
        pytest.param(AT + 0.25, "2024-05-01T10:00:00.250Z", id="a part of one"),
        pytest.param(AT + 0.9996, "2024-05-01T10:00:01Z", id="rounded up to a whole one"),
    ],
)
def test_a_report_shows_milliseconds_where_there_are_some(at: float, text: str) -> None:
    assert rfc3339(at) == text


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("now", AT, id="now"),
        pytest.param("-1h30m", AT - 5400, id="a time ago"),
        pytest.param("-2d", AT - 172_800, id="days ago, as Prometheus counts them"),
        pytest.param("1714557000.5", AT - 599.5, id="Unix seconds"),
        pytest.param(" 2024-05-01T09:00:00Z ", AT - 3600, id="RFC 3339"),
    ],
)
def test_a_person_says_when_in_several_ways(text: str, at: float) -> None:
    assert instant(text, now=AT) == at


@pytest.mark.parametrize("text", ["", "-", "-5", "1h", "2024-05-01", "9" * 30, "-1h ago"])
def test_what_names_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write 2026-03-01T12:00:00Z"):
        instant(text, now=AT)
