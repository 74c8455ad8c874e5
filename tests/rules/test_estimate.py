"""The estimates that the original's own tests expect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubervisor.rules.decision.estimate import MOST_RESIZES, Estimate, by_percent, estimate
from kubervisor.rules.decision.operators import matches
from kubervisor.rules.decision.policy import Expression, Operator
from tests.rules.policies import GI


def capacity_below(gigabytes: int) -> Callable[[int], bool]:
    """In the 10^9 bytes that the condition is written in, whatever the sizes are."""
    below = Expression("px_volume_capacity_bytes / 1000000000", Operator.LT, (str(gigabytes),))
    return lambda size: matches(below, [size / 1e9])


def usage_above(percent: int, used: int) -> Callable[[int], bool]:
    above = Expression("100 * (used / capacity)", Operator.GT, (str(percent),))
    return lambda size: matches(above, [100 * used / size])


@pytest.mark.parametrize(
    ("is_met", "maxsize", "start", "end", "resizes"),
    [
        (capacity_below(6), 10, 5, 10, 1),
        (capacity_below(6), 5, 5, 5, 0),
        (capacity_below(15), 12, 5, 12, 2),
        (capacity_below(15), 4, 5, 5, 0),
        (capacity_below(6), None, 5, 10, 1),
        (usage_above(50, 4 * GI), None, 10, 10, 0),
        (usage_above(50, 10 * GI), None, 10, 20, 1),
        (usage_above(50, 10 * GI), 12, 10, 12, 1),
    ],
)
def test_a_claim_that_doubles_ends_where_the_original_says(
    is_met: Callable[[int], bool], maxsize: int | None, start: int, end: int, resizes: int
) -> None:
    grown = by_percent(100, None if maxsize is None else maxsize * GI)
    assert estimate(start * GI, is_met, grown) == Estimate(end * GI, resizes)


def test_a_rule_that_never_ends_is_counted_so_far() -> None:
    assert estimate(GI, lambda _: True, by_percent(1)).resizes == MOST_RESIZES
