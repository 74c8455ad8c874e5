"""The part of PromQL that most rules are written in, read into a tree.

Plain selectors, numbers, arithmetic, comparisons, `and`, `or`, `unless`, `on` and `ignoring`. All
else is refused by name: a Prometheus computes it. Precedence and meaning are those of Prometheus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kubervisor.rules.trial.promql_tokens import NotComputed, Tokens
from kubervisor.traffic.promql import Selector, parse_selector

LONGEST = 32_768
"""Characters of an expression, as an AutopilotRule may have them."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Select:
    """The samples of a metric."""

    selector: Selector
    text: str


@dataclass(frozen=True, slots=True)
class Negated:
    """The values below zero, and those above."""

    of: Node


@dataclass(frozen=True, slots=True)
class Matching:
    """By which labels two vectors are matched: by `labels` alone, or by all but these."""

    labels: frozenset[str] = frozenset()
    by_these: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """Two of them and an operator; `is_bool`: a comparison that says 0 or 1."""

    sign: str
    left: Node
    right: Node
    matching: Matching
    is_bool: bool = False


Node: TypeAlias = Number | Select | Negated | Binary

SETS = frozenset({"and", "or", "unless"})
COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and", "unless"}),
    COMPARISONS,
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
"""Operators from the loosest on; `^` binds closer than a sign, and to the right."""


def parse(promql: str) -> Node:
    """The tree of an expression. Raises NotComputed.

    >>> parse("a / on (pvc) b").matching
    Matching(labels=frozenset({'pvc'}), by_these=True)
    """
    if len(promql) > LONGEST:
        raise NotComputed(f"it is longer than {LONGEST} characters")
    tokens = Tokens(promql)
    try:
        found = _binary(tokens, 0)
    except RecursionError:
        raise NotComputed("it is nested too deeply") from None
    if tokens.kind:
        raise NotComputed(f"{tokens.value!r:.40} does not belong where it stands")
    return found


def selects(node: Node) -> Iterator[Select]:
    """The selectors of a tree."""
    match node:
        case Select():
            yield node
        case Negated(of):
            yield from selects(of)
        case Binary(_, left, right):
            yield from selects(left)
            yield from selects(right)


def _binary(tokens: Tokens, level: int) -> Node:
    if level == len(_LEVELS):
        return _unary(tokens)
    left = _binary(tokens, level + 1)
    while tokens.kind in ("sign", "name") and tokens.value.lower() in _LEVELS[level]:
        sign = tokens.take().lower()
        is_bool, matching = _modifiers(tokens, sign)
        left = Binary(sign, left, _binary(tokens, level + 1), matching, is_bool)
    return left


def _unary(tokens: Tokens) -> Node:
    if tokens.takes("-"):
        return Negated(_unary(tokens))
    return _unary(tokens) if tokens.takes("+") else _power(tokens)


def _power(tokens: Tokens) -> Node:
    base = _operand(tokens)
    if not tokens.takes("^"):
        return base
    _, matching = _modifiers(tokens, "^")
    return Binary("^", base, _unary(tokens), matching)


def _modifiers(tokens: Tokens, sign: str) -> tuple[bool, Matching]:
    is_bool = sign in COMPARISONS and tokens.takes("bool")
    matching = Matching()
    for word, by_these in (("on", True), ("ignoring", False)):
        if tokens.takes(word):
            matching = Matching(frozenset(_labels(tokens)), by_these)
    if tokens.value.lower() in ("group_left", "group_right"):
        raise NotComputed(f"{tokens.value} matches many series with one")
    return is_bool, matching


def _labels(tokens: Tokens) -> Iterator[str]:
    tokens.expect("(")
    while not tokens.takes(")"):
        if tokens.kind != "name":
            raise NotComputed("the names of labels stand in parentheses, with commas between")
        yield tokens.take()
        if tokens.value != ")":
            tokens.expect(",")


def _operand(tokens: Tokens) -> Node:
    kind = tokens.kind
    if kind == "duration":
        raise NotComputed(f"{tokens.value} is a time")
    if kind == "number":
        return Number(_number(tokens.take()))
    if tokens.takes("("):
        inner = _binary(tokens, 0)
        tokens.expect(")")
        found = inner
    elif kind == "name" and tokens.value.lower() in ("inf", "nan"):
        return Number(float(tokens.take()))
    elif kind in ("name", "braces"):
        found = _select(tokens)
    else:
        raise NotComputed(
            f"something is missing before {tokens.value!r:.40}" if kind else "it ends too early"
        )
    _refuse_times(tokens)
    return found


def _select(tokens: Tokens) -> Select:
    text = tokens.take()
    if tokens.kind == "braces" and not text.startswith("{"):
        text += tokens.take()
    elif tokens.value == "(" or (
        tokens.kind == "name" and tokens.value.lower() in ("by", "without")
    ):
        raise NotComputed(f"{text}(…) is a function or an aggregation")
    try:
        return Select(parse_selector(text), text)
    except ValueError as error:
        raise NotComputed(f"{text!r:.80} {error}") from None


def _refuse_times(tokens: Tokens) -> None:
    if tokens.kind == "range":
        raise NotComputed("[…] is a range over time")
    if tokens.value == "@" or (tokens.kind == "name" and tokens.value.lower() == "offset"):
        raise NotComputed(f"{tokens.value} looks at another time")


def _number(text: str) -> float:
    return float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text)
