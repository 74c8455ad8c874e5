"""Instants between Kubernetes' RFC 3339 text and our Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# fromisoformat takes dates without time or zone too; an instant needs both
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse(text: str | None) -> float | None:
    """Return the Unix seconds that `text` names, None where it is absent or unreadable.

    >>> parse("1970-01-01T01:00:00.5+01:00")
    0.5
    """
    if text is None or _RFC3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def render(at: float) -> str:
    """Return `at` (Unix seconds) as RFC 3339 in UTC with milliseconds.

    >>> render(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    return f"{_utc(at).isoformat(timespec='milliseconds')}Z"


def render_micro(at: float) -> str:
    """Return `at` (Unix seconds) in the form of Kubernetes' MicroTime: UTC with microseconds."""
    return f"{_utc(at).isoformat(timespec='microseconds')}Z"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
