"""How the samples of an object are compared with the values of an expression."""

from __future__ import annotations

import math
from collections.abc import Sequence

from kubervisor.rules.decision.policy import Expression, Operator

OF_PRESENCE = frozenset({Operator.EXISTS, Operator.DOES_NOT_EXIST})
"""What these ask is whether there are samples at all."""


def matches(expression: Expression, samples: Sequence[float]) -> bool:
    """Whether any of the samples matches; none of no samples, but for DoesNotExist.

    Numbers are compared as numbers ("1.0" is "1"); ranges include both their ends. What is no
    finite number matches nothing but Exists; a value that is no number is equal to no sample.
    Raises ValueError where the values are not as many as the operator takes or, where it orders
    them, no numbers: `read_rule` lets no such expression pass.
    """
    match expression.operator:
        case Operator.EXISTS:
            return bool(samples)
        case Operator.DOES_NOT_EXIST:
            return not samples
        case _:
            return any(_matches(expression, one) for one in samples if math.isfinite(one))


def _matches(expression: Expression, sample: float) -> bool:
    match expression.operator:
        case Operator.IN:
            return sample in _listed(expression)
        case Operator.NOT_IN:
            return sample not in _listed(expression)
        case Operator.IN_RANGE | Operator.NOT_IN_RANGE:
            low, high = (float(value) for value in expression.values)
            return (low <= sample <= high) is (expression.operator is Operator.IN_RANGE)
        case _:
            (value,) = expression.values
            return _compares(expression.operator, sample, float(value))


def _compares(operator: Operator, sample: float, value: float) -> bool:
    match operator:
        case Operator.GT:
            return sample > value
        case Operator.GT_EQ:
            return sample >= value
        case Operator.LT:
            return sample < value
        case Operator.LT_EQ:
            return sample <= value
        case _:
            raise ValueError(f"{operator} is no comparison of two numbers")


def _listed(expression: Expression) -> list[float]:
    return [number for value in expression.values if (number := _number(value)) is not None]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
