"""Instants and times as people write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_AGO = re.compile(r"-(?P<ago>(\d+(\.\d+)?(ms|[smhdw]))+)")
_PART = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>ms|[smhdw])")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def instant(text: str, now: float) -> float:
    """Unix seconds of `text`: RFC 3339, Unix seconds, `now`, or a time before `now` such as `-1h`.

    Raises ValueError, which says what may be written.

    >>> instant("-1h30m", now=10_000.0)
    4600.0
    >>> instant("1970-01-01T01:00:00+01:00", now=0.0)
    0.0
    """
    text = text.strip()
    ago = _AGO.fullmatch(text)
    if text == "now":
        return now
    if ago is not None:
        return now - seconds(ago["ago"])
    try:
        return _absolute(text)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no time; write 2026-03-01T12:00:00Z, Unix seconds, or -1h"
        ) from None


def seconds(text: str) -> float:
    """The seconds of a duration such as 5s or 1h30m. Raises ValueError.

    >>> seconds("1m30s")
    90.0
    """
    parts = [(m["number"], m["unit"]) for m in _PART.finditer(text)]
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration; write 5s, 1m30s or 500ms")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _absolute(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        at = float(text)
        datetime.fromtimestamp(at, UTC)  # raises where it is no year that can be written
        return at
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("without a zone nobody knows when that is")
    return parsed.timestamp()


def rfc3339(at: float) -> str:
    """The instant in UTC, with milliseconds where it has some.

    >>> rfc3339(0.0), rfc3339(1.5)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500Z')
    """
    milliseconds = round(at * 1000)
    when = datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = milliseconds % 1000
    return f"{when}.{fraction:03}Z" if fraction else f"{when}Z"


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
