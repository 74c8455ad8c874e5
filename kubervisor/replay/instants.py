"""Instants and times as people write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from kubervisor.instants import parse, render
from kubervisor.traffic.promql import seconds


def instant(text: str, now: float) -> float:
    """Unix seconds of `text`: RFC 3339, Unix seconds, `now`, or a time before `now` such as `-1h`.

    Raises ValueError, which says what may be written.

    >>> instant("-1h30m", now=10_000.0)
    4600.0
    >>> instant("1970-01-01T01:00:00+01:00", now=0.0)
    0.0
    """
    text = text.strip()
    if text == "now":
        return now
    try:
        return now - seconds(text[1:]) if text.startswith("-") else _absolute(text)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time; write 2026-03-01T12:00:00Z, Unix seconds, or -1h"
        ) from None


def _absolute(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        at = float(text)
        datetime.fromtimestamp(at, UTC)  # raises where it is no year that can be written
        return at
    parsed = parse(text)
    if parsed is None:
        raise ValueError("neither RFC 3339 nor Unix seconds")
    return parsed


def rfc3339(at: float) -> str:
    """The instant in UTC, with milliseconds where it has some.

    >>> rfc3339(0.0), rfc3339(1.5)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500Z')
    """
    return render(round(at, 3), "milliseconds").replace(".000Z", "Z")


def spoken(seconds: float) -> str:
    """A length of time in its two largest units.

    >>> spoken(45.2), spoken(3725), spoken(200_000)
    ('45 s', '1 h 2 min', '2 d 7 h')
    """
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
