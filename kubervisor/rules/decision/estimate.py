"""How far a volume would grow by a rule, if what is stored on it stays as it is.

The arithmetic is the original's; the action that resizes rounds up to what a provider can give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_RESIZES = 100
"""A rule without a limit whose condition never clears is counted so far."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a volume ends, in bytes, and after how many resizes."""

    size: int
    resizes: int


def estimate(
    size: int, is_met: Callable[[int], bool], grown: Callable[[int], int | None]
) -> Estimate:
    """Grow from `size` bytes for as long as the condition holds at a size, and there is a next one:
    `grown` gives that, None where a limit is reached.
    """
    for resizes in range(MOST_RESIZES):
        larger = grown(size) if is_met(size) else None
        if larger is None:
            return Estimate(size, resizes)
        size = larger
    return Estimate(size, MOST_RESIZES)


def by_percent(percent: int, maxsize: int | None = None) -> Callable[[int], int | None]:
    """Sizes that grow by a share of themselves, up to `maxsize` bytes (None: without a limit).

    >>> by_percent(100, 12)(5), by_percent(100, 12)(10), by_percent(100, 12)(12)
    (10, 12, None)
    """

    def grown(size: int) -> int | None:
        if maxsize is not None and size >= maxsize:
            return None
        larger = size + size * percent // 100
        return larger if maxsize is None else min(larger, maxsize)

    return grown
