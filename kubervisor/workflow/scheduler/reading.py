"""Parts of a status as others may have left them, read without ever failing."""

from __future__ import annotations

from datetime import UTC, datetime

from kubervisor.instants import parse
from kubervisor.text import printable

LONGEST_LINE = 300
"""Characters of a message."""


def line(text: str, limit: int = LONGEST_LINE) -> str:
    """`text` as one printable line of at most `limit` characters.

    >>> line("two" + chr(10) + " lines"), line("too long", 4)
    ('two lines', 'too…')
    """
    found = " ".join(printable(text[: 8 * limit]).split())
    return found if len(found) <= limit else f"{found[: limit - 1].rstrip()}…"


def instant(value: object) -> datetime | None:
    """The instant that RFC 3339 text names, in UTC; None where it is none.

    >>> instant("1970-01-01T01:00:00+01:00"), instant(7)
    (datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    seconds = parse(value) if isinstance(value, str) else None
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):  # a year that UTC has not, or not any more
        return None


def exactly(at: datetime) -> str:
    """`at` as a MicroTime of Kubernetes."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def in_seconds(at: datetime) -> str:
    """`at` as a Time of Kubernetes; what is finer is cut off."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def whole(value: object) -> int | None:
    """A whole number that is not negative, None where `value` is none.

    >>> whole(3), whole(True), whole(-1)
    (3, None, None)
    """
    is_one = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if is_one and isinstance(value, int) else None
