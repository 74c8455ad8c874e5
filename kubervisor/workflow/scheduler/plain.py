"""What workers return, as JSON: copies, so that nobody changes them later."""

from __future__ import annotations

import math
from typing import Any

DEEPEST = 100
"""Levels of an object; the API knows none as deep."""


class NotPlain(Exception):
    """A value is no JSON; the message says which one."""


def plain(value: object, where: str = "", level: int = 0) -> Any:
    """A copy of `value`, of dicts, lists and what is in them. Raises NotPlain.

    >>> plain({"spec": {"ports": ({"port": 80},)}})
    {'spec': {'ports': [{'port': 80}]}}
    """
    if level > DEEPEST:
        raise NotPlain(f"{where[:80]}… is deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise NotPlain(f"{where or 'it'} has a key of type {type(name).__name__}, not text")
        below = f"{where}." if where else ""
        return {name: plain(one, f"{below}{name}", level + 1) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, f"{where}[{at}]", level + 1) for at, one in enumerate(value)]
    if not _is_plain(value):
        raise NotPlain(f"{where or 'it'} is a value of type {type(value).__name__}, no JSON")
    return value


def without_nulls(value: Any) -> Any:
    """A copy of JSON without what the API would not store: fields that are null, or no number.

    >>> without_nulls({"a": None, "b": {"c": float("nan"), "d": [{"e": None}]}})
    {'b': {'d': [{}]}}
    """
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if not _is_null(one)}
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() or value.encode(errors="replace").decode() == value
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _is_null(value: object) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))
