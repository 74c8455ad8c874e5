"""How long a resource whose syncs fail is left alone."""

from __future__ import annotations

FIRST = 1.0
"""Seconds after the first failure; each further one doubles them."""

LONGEST = 60.0
"""Seconds, however often it failed."""


def back_off(failures: int) -> float:
    """Seconds to wait after `failures` (1 or more) failed syncs in a row.

    >>> [back_off(n) for n in (1, 2, 3, 7, 10**9)]
    [1.0, 2.0, 4.0, 60.0, 60.0]
    """
    return min(LONGEST, FIRST * 2.0 ** min(failures - 1, 60))
