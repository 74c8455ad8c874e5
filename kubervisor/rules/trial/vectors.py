"""Computes the trees of `promql` as Prometheus does, from samples at one instant."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from kubervisor.rules.trial.promql import (
    COMPARISONS,
    SETS,
    Binary,
    Matching,
    Negated,
    Node,
    Number,
    Select,
)
from kubervisor.rules.trial.promql_tokens import NotComputed

NAME = "__name__"


class Measured(NamedTuple):
    """A sample: its labels, the metric's name as `__name__` among them, and its value."""

    labels: Mapping[str, str]
    value: float


Vector: TypeAlias = tuple[Measured, ...]
Lookup: TypeAlias = Callable[[Select], Iterable[Measured]]
_Key: TypeAlias = frozenset[tuple[str, str]]


def vector_of(node: Node, lookup: Lookup) -> Vector:
    """The vector of an expression. Raises NotComputed where Prometheus would answer none."""
    found = _value(node, lookup)
    if isinstance(found, float):
        raise NotComputed("it is a number, which says nothing of any object")
    return found


def _value(node: Node, lookup: Lookup) -> Vector | float:
    match node:
        case Number(value):
            return value
        case Select():
            return tuple(lookup(node))
        case Negated(of):
            found = _value(of, lookup)
            if isinstance(found, float):
                return -found
            return tuple(Measured(_unnamed(one.labels), -one.value) for one in found)
        case Binary():
            return _binary(node, _value(node.left, lookup), _value(node.right, lookup))


def _binary(node: Binary, left: Vector | float, right: Vector | float) -> Vector | float:
    sign = node.sign
    if isinstance(left, float) and isinstance(right, float):
        if sign in SETS or (sign in COMPARISONS and not node.is_bool):
            raise NotComputed(f"{sign} stands between two numbers")
        return _apply(sign, left, right)
    if sign in SETS:
        if isinstance(left, float) or isinstance(right, float):
            raise NotComputed(f"{sign} stands beside a number")
        return _set(sign, left, right, node.matching)
    if isinstance(left, float):
        assert not isinstance(right, float)
        return tuple(_results(node, ((one, left, one.value) for one in right)))
    if isinstance(right, float):
        return tuple(_results(node, ((one, one.value, right) for one in left)))
    return tuple(_matched(node, left, right))


def _results(node: Binary, pairs: Iterable[tuple[Measured, float, float]]) -> Iterable[Measured]:
    """What becomes of samples with a number beside each; a comparison keeps the sample it is of."""
    for one, left, right in pairs:
        found = _apply(node.sign, left, right)
        if node.sign not in COMPARISONS or node.is_bool:
            yield Measured(_unnamed(one.labels), found)
        elif found:
            yield one


def _matched(node: Binary, left: Vector, right: Vector) -> Iterable[Measured]:
    """One to one, as Prometheus matches without `group_left`."""
    others = _by_key(right, node.matching, "right")
    for key, one in _by_key(left, node.matching, "left").items():
        other = others.get(key)
        if other is None:
            continue
        found = _apply(node.sign, one.value, other.value)
        if node.sign not in COMPARISONS or node.is_bool:
            yield Measured(dict(key), found)
        elif found:
            name = {NAME: one.labels[NAME]} if NAME in one.labels else {}
            yield Measured({**name, **dict(key)}, one.value)


def _by_key(vector: Vector, matching: Matching, side: str) -> dict[_Key, Measured]:
    found: dict[_Key, Measured] = {}
    for one in vector:
        key = _key(one.labels, matching)
        if key in found:
            labels = ", ".join(f'{name}="{value}"' for name, value in sorted(key))
            raise NotComputed(
                f"more than one series on the {side} of {{{labels}}} is matched, which "
                "Prometheus refuses too; on(…) or ignoring(…) may tell them apart"
            )
        found[key] = one
    return found


def _set(sign: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    if sign == "or":
        there = {_key(one.labels, matching) for one in left}
        return (*left, *(one for one in right if _key(one.labels, matching) not in there))
    there = {_key(one.labels, matching) for one in right}
    return tuple(one for one in left if (_key(one.labels, matching) in there) is (sign == "and"))


def _key(labels: Mapping[str, str], matching: Matching) -> _Key:
    """What must be equal; a label that is absent is as one that is empty."""
    return frozenset(
        (name, value)
        for name, value in labels.items()
        if name != NAME and value and (name in matching.labels) is matching.by_these
    )


def _unnamed(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if name != NAME}


def _apply(sign: str, left: float, right: float) -> float:
    return float(_OPERATORS[sign](left, right))


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    negative = math.copysign(1.0, left) * math.copysign(1.0, right) < 0
    return math.nan if left == 0 or math.isnan(left) else (-math.inf if negative else math.inf)


def _rest(left: float, right: float) -> float:
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def _power(left: float, right: float) -> float:
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan if left else math.inf


_OPERATORS: Mapping[str, Callable[[float, float], float | bool]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": _rest,
    "^": _power,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
