"""Instants between RFC 3339, as Kubernetes and people write them, and our Unix seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

# fromisoformat takes dates without time or zone too; an instant needs both
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

Precision = Literal["seconds", "milliseconds", "microseconds"]
"""Kubernetes' Time has seconds, its MicroTime microseconds; our annotations have milliseconds."""

REMEMBERED = 4096
"""Texts. The pods of a rollout were created and started in the same few seconds: each of these is
read once and is one float.
"""


@lru_cache(maxsize=REMEMBERED)
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


def render(at: float, precision: Precision) -> str:
    """Return `at` (Unix seconds) as RFC 3339 in UTC; what is finer than `precision` is cut off.

    >>> render(0.5, "seconds"), render(0.5, "milliseconds")
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:00.500Z')
    """
    moment = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec=precision)}Z"
