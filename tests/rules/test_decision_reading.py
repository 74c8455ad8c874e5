"""What an answer says of one object: how many must match, no data, and metrics of another size."""

from __future__ import annotations

import math
from typing import Any

import pytest

from kubervisor.rules.decision.policy import Expression, NoData, Operator
from kubervisor.rules.decision.reading import ClaimSize, read_object, unknown
from kubervisor.rules.decision.states import Reason, Sizes
from tests.rules.policies import CAPACITY, GI, more_than, policy

TWO = (more_than("50"), more_than("90", "inodes"))
THREE = (*TWO, more_than("5", "latency"))
ABSENT = Expression("m", Operator.DOES_NOT_EXIST)
HIGH, LOW, NONE = [99.0], [1.0], []  # type: ignore[var-annotated]


@pytest.mark.parametrize(
    ("required", "samples", "held", "clear"),
    [
        (0, [HIGH, HIGH], True, True),
        (0, [HIGH, LOW], False, False),
        (0, [HIGH, NONE], None, False),
        (0, [LOW, NONE], False, False),
        (0, [NONE, NONE], None, False),
        (1, [HIGH, LOW], True, True),
        (1, [HIGH, NONE], True, True),
        (1, [LOW, NONE], None, False),
        (1, [LOW, LOW], False, False),
        (2, [HIGH, LOW], False, False),
        (2, [HIGH, HIGH], True, True),
        (0, [[math.nan], HIGH], None, False),
        (0, [[math.inf], HIGH], None, False),
        (0, [[math.nan, 99.0], HIGH], True, True),
    ],
)
def test_as_many_expressions_must_match_as_are_required(
    required: int, samples: list[list[float]], held: bool | None, clear: bool
) -> None:
    rule = policy(expressions=TWO, required_matches=required)
    assert read_object(rule, samples, [], None, [], 7.0).met is held
    rule = policy(expressions=TWO, required_matches=required, no_data=NoData.CLEAR)
    assert read_object(rule, samples, [], None, [], 7.0).met is clear


def test_two_of_three_do_whatever_the_third_would_say() -> None:
    rule = policy(expressions=THREE, required_matches=2)
    assert read_object(rule, [HIGH, NONE, HIGH], [], None, [], 7.0).met is True
    assert read_object(rule, [LOW, NONE, LOW], [], None, [], 7.0).met is False
    assert read_object(rule, [HIGH, NONE, LOW], [], None, [], 7.0).met is None


def test_that_there_is_no_sample_is_an_answer_where_that_is_asked() -> None:
    rule = policy(expressions=(ABSENT,))
    assert read_object(rule, [[]], [], None, [], 7.0).met is True
    assert read_object(rule, [[1.0]], [], None, [], 7.0).met is False


def test_it_says_what_was_compared_with_what() -> None:
    reading = read_object(policy(expressions=TWO), [[40, 63.21678], [95.0]], [], None, [], 7.0)
    assert reading.values == ("63.22", "95")
    assert reading.message.endswith("is 63.22 (Gt 50); inodes is 95 (Gt 90)")
    assert reading.at == 7.0


def test_it_says_which_expression_has_no_sample() -> None:
    reading = read_object(policy(expressions=TWO), [HIGH, NONE], [], None, [], 7.0)
    assert (reading.why, reading.values) == (Reason.NO_DATA, ("99", ""))
    assert reading.message == "no sample of inodes names this object"


def test_a_rule_without_expressions_never_holds() -> None:
    assert read_object(policy(expressions=()), [], [], None, [], 7.0).met is False


def test_a_failed_source_says_nothing() -> None:
    reading = unknown(Reason.NO_DATA, "the source does not answer", 7.0)
    assert (reading.met, reading.why, reading.at) == (None, Reason.NO_DATA, 7.0)


def guarded(measured: list[float], claim: ClaimSize | None, *before: Sizes, **rule: Any) -> object:
    changed = policy(**({"capacity": CAPACITY} | rule))
    reading = read_object(changed, [[60.0]], measured, claim, before, 7.0)
    return reading.met or reading.why


TEN = ClaimSize(10 * GI, 10 * GI)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.79, Reason.STALE_METRIC),
        (0.80, True),
        (0.95, True),
        (1.0, True),
        (1.02, True),
        (1.03, Reason.STALE_METRIC),
        (2.0, Reason.STALE_METRIC),
    ],
)
def test_the_capacity_measured_is_that_of_a_file_system_on_the_claim(
    share: float, expected: object
) -> None:
    assert guarded([share * 10 * GI], TEN) == expected


def test_each_capacity_measured_must_be() -> None:
    assert guarded([10.0 * GI, 5.0 * GI], TEN) == Reason.STALE_METRIC


def test_a_capacity_that_nobody_measured_is_no_proof() -> None:
    assert guarded([], TEN) == Reason.NO_DATA
    assert guarded([math.nan], TEN) == Reason.NO_DATA


def test_while_more_is_asked_for_than_there_is_nobody_knows() -> None:
    assert guarded([10.0 * GI], ClaimSize(10 * GI, 15 * GI)) == Reason.STALE_METRIC


def test_a_provider_may_give_more_than_was_asked_for() -> None:
    assert guarded([10.0 * GI], ClaimSize(10 * GI, 7 * GI)) is True


def test_a_capacity_from_before_the_claim_grew_is_stale_however_little_it_grew() -> None:
    before = Sizes(metric=int(9.8 * GI), claim=10 * GI)
    eleven = ClaimSize(11 * GI, 11 * GI)
    assert guarded([int(9.8 * GI)], eleven, before) == Reason.STALE_METRIC
    assert guarded([10.78 * GI], eleven, before) is True
    assert guarded([int(9.8 * GI)], TEN, before) is True


def test_without_a_capacity_to_compare_or_a_claim_nothing_is_doubted() -> None:
    assert guarded([5.0 * GI], TEN, capacity="") is True
    assert guarded([5.0 * GI], None) is True


def test_what_does_not_hold_needs_no_proof() -> None:
    reading = read_object(policy(capacity=CAPACITY), [[40.0]], [], TEN, [], 7.0)
    assert reading.met is False


def test_the_sizes_are_kept_for_the_next_comparison() -> None:
    reading = read_object(policy(capacity=CAPACITY), [[60.0]], [9.5 * GI], TEN, [], 7.0)
    assert reading.sizes == Sizes(int(9.5 * GI), 10 * GI)
