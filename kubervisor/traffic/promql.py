"""How far back a PromQL expression looks."""

from __future__ import annotations

import re
from functools import lru_cache

# These read what a tenant wrote, while holding the interpreter: none may try one text in two ways.
_QUOTED = re.compile(
    r"""
    "(?:\\.|[^"\\])*(?:"|\Z)    # an unclosed string ends with the text
    | '(?:\\.|[^'\\])*(?:'|\Z)
    | `[^`]*(?:`|\Z)
    | \#[^\n]*                  # a comment, found in the same pass: each may hold the other's mark
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION = rf"((?:{_NUMBER}(?:ms|[smhdwy]))+|{_NUMBER})"
_RANGE = re.compile(rf"\[\s*{_DURATION}\s*(:[^\[\]]*)?\]")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy]?)")
_SECONDS = {
    "": 1.0,  # Prometheus 3 takes a plain number for seconds
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}


@lru_cache(maxsize=2048)
def reach(promql: str) -> float:
    """Seconds that the expression's ranges reach back; 0 where it reads instants only.

    The longest range selector, plus the subqueries around it. An `offset` is not counted: it names
    a past on purpose.

    >>> reach('sum(rate(a[1m30s])) / sum(rate(b[30s]))')
    90.0
    >>> reach('max_over_time(rate(a{path="[1h]"}[1m])[5m:10s])')
    360.0
    """
    plain, subqueries = 0.0, 0.0
    for duration, step in _RANGE.findall(_QUOTED.sub("", promql)):
        seconds = sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(duration))
        if step:
            subqueries += seconds
        else:
            plain = max(plain, seconds)
    return plain + subqueries
