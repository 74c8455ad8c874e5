"""When actions may be taken: windows of the week, by the clock of a zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kubervisor.rules.decision.policy import Window, Windows

DAYS_AHEAD = 15
"""A window of one day a week that falls into the hour that summer time skips opens a week later."""


def open_in(windows: Windows | None, now: float) -> float | None:
    """Seconds until a window opens: 0 where one is open at `now` (Unix seconds) or there are none
    to wait for; None where none opens within two weeks.

    A window is open from its start, included, to its end, excluded; where that is not later, to the
    end of the day after. `days` are those on which it starts. Where the clock skips its start or
    end, that is the instant of the skip; where the clock shows it twice, the first time counts. So
    a window over the hour that is repeated in autumn is an hour longer.
    """
    if windows is None or not windows.windows:
        return 0.0
    starts = [start for start, end in _ahead(windows, now) if end > max(start, now)]
    return max(0.0, min(starts) - now) if starts else None


def _ahead(windows: Windows, now: float) -> Iterator[tuple[float, float]]:
    """Start and end of each window from yesterday on."""
    today = datetime.fromtimestamp(now, windows.zone).date()
    for days in range(-1, DAYS_AHEAD):
        day = today + timedelta(days=days)
        for window in windows.windows:
            if not window.days or day.weekday() in window.days:
                yield _on(window, day, windows.zone)


def _on(window: Window, day: date, zone: ZoneInfo) -> tuple[float, float]:
    last = day if window.end > window.start else day + timedelta(days=1)
    return _instant(day, window.start, zone), _instant(last, window.end, zone)


def _instant(day: date, clock: time, zone: ZoneInfo) -> float:
    """The first instant at which the zone's clock shows this time or has skipped it."""
    # Of a time that is skipped, fold 0 is read by the offset before the skip, and is after it;
    # fold 1 by the one after, and is before it. Of one that is shown twice, fold 0 is the first.
    wall = datetime.combine(day, clock, zone)
    after, before = wall.timestamp(), wall.replace(fold=1).timestamp()
    if before >= after:
        return after
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(at: float, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(at, zone).utcoffset()
