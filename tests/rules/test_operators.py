"""Each operator, at its ends, with numbers that are none, and with no samples at all."""

from __future__ import annotations

import math

import pytest

from kubervisor.rules.decision.operators import matches
from kubervisor.rules.decision.policy import Expression, Operator

NAN, INF = math.nan, math.inf

CASES = [
    (Operator.GT, ("50",), [50.1], True),
    (Operator.GT, ("50",), [50.0], False),
    (Operator.GT_EQ, ("50",), [50.0], True),
    (Operator.GT_EQ, ("50",), [49.9], False),
    (Operator.LT, ("50",), [49.9], True),
    (Operator.LT, ("50",), [50.0], False),
    (Operator.LT_EQ, ("50",), [50.0], True),
    (Operator.LT_EQ, ("50",), [50.1], False),
    (Operator.LT, ("-1",), [-2.0], True),
    (Operator.IN, ("1", "2"), [2.0], True),
    (Operator.IN, ("1.0",), [1.0], True),
    (Operator.IN, ("1e3",), [1000.0], True),
    (Operator.IN, ("1", "2"), [3.0], False),
    (Operator.IN, ("up", "1"), [1.0], True),
    (Operator.IN, ("up",), [1.0], False),
    (Operator.NOT_IN, ("1", "2"), [3.0], True),
    (Operator.NOT_IN, ("1", "2"), [2.0], False),
    (Operator.NOT_IN, ("up",), [1.0], True),
    (Operator.IN_RANGE, ("-20", "20"), [-20.0], True),
    (Operator.IN_RANGE, ("-20", "20"), [20.0], True),
    (Operator.IN_RANGE, ("-20", "20"), [20.1], False),
    (Operator.NOT_IN_RANGE, ("-20", "20"), [-20.0], False),
    (Operator.NOT_IN_RANGE, ("-20", "20"), [-20.1], True),
    (Operator.EXISTS, (), [0.0], True),
    (Operator.EXISTS, (), [], False),
    (Operator.EXISTS, (), [NAN], True),
    (Operator.DOES_NOT_EXIST, (), [], True),
    (Operator.DOES_NOT_EXIST, (), [0.0], False),
    (Operator.DOES_NOT_EXIST, (), [NAN], False),
    (Operator.GT, ("50",), [40.0, 60.0], True),
    (Operator.GT, ("50",), [NAN, 60.0], True),
]


@pytest.mark.parametrize(("operator", "values", "samples", "expected"), CASES)
def test_a_sample_is_compared_with_the_values(
    operator: Operator, values: tuple[str, ...], samples: list[float], expected: bool
) -> None:
    assert matches(Expression("m", operator, values), samples) is expected


COMPARING = [
    (Operator.GT, ("0",)),
    (Operator.GT_EQ, ("0",)),
    (Operator.LT, ("0",)),
    (Operator.LT_EQ, ("0",)),
    (Operator.IN, ("0", "inf", "nan")),
    (Operator.NOT_IN, ("0",)),
    (Operator.IN_RANGE, ("-inf", "inf")),
    (Operator.NOT_IN_RANGE, ("0", "1")),
]


@pytest.mark.parametrize(("operator", "values"), COMPARING)
@pytest.mark.parametrize("samples", [[], [NAN], [INF], [-INF], [NAN, INF]])
def test_what_is_no_finite_number_matches_nothing(
    operator: Operator, values: tuple[str, ...], samples: list[float]
) -> None:
    assert matches(Expression("m", operator, values), samples) is False


def test_an_expression_that_no_rule_can_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        matches(Expression("m", Operator.IN_RANGE, ("1",)), [1.0])
    with pytest.raises(ValueError, match="could not convert"):
        matches(Expression("m", Operator.GT, ("50%",)), [1.0])
