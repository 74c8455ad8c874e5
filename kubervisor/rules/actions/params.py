"""What can be wrong with an action's parameters, which are all text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from kubervisor.rules.actions.quantities import parse
from kubervisor.rules.decision.policy import Params

_NUMBER = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def unknown(params: Params, *known: str) -> Iterator[str]:
    """A problem for each parameter that is not among `known`."""
    may_be = f"it takes {', '.join(known)}" if known else "it takes none"
    return (
        f"{name} is no parameter of this action; {may_be}" for name in params if name not in known
    )


def fraction(params: Params, name: str, what: str) -> Iterator[str]:
    """A problem where the parameter is there and is no number above 0."""
    text = params.get(name)
    if text is not None and (not _NUMBER.fullmatch(text) or not Fraction(text)):
        yield f"{name} is {text!r}; write {what}"


def quantity(params: Params, name: str, what: str) -> Iterator[str]:
    """A problem where the parameter is there and names no bytes."""
    if name in params and not _bytes(params[name]):
        yield f"{name} is {params[name]!r}; write {what}"


def whole(params: Params, name: str, least: int, most: int, what: str) -> Iterator[str]:
    """A problem where the parameter is there and is no whole number from `least` to `most`."""
    text = params.get(name)
    if text is not None and not (_WHOLE.fullmatch(text) and least <= int(text) <= most):
        yield f"{name} is {text!r}; write {what}, from {least} to {most}"


def _bytes(text: str) -> int:
    try:
        return parse(text)
    except ValueError:
        return 0
