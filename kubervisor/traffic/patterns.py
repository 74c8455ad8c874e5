"""Regular expressions that tenants write, matched in time linear in the text.

Python's `re` backtracks: `(a|aa)(a|aa)…` on a text that almost matches holds the interpreter for
years. Here an automaton follows the expression (Glushkov's: one state for each of its characters),
so neither expression nor text can make it slow. A whole text must match, as in PromQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from kubervisor.traffic.pattern_syntax import Character, Choice, Node, Ranges, Repeat, parse

LONGEST_TEXT = 1024  # a longer text matches nothing
MOST_STATES = 256
MOST_PARTS = 4096  # of the expression, counted as often as they repeat
REMEMBERED_STEPS = 4096


class _Part(NamedTuple):
    """States are bits. Whether a part matches the empty text, where it starts and where it ends."""

    empty: bool
    first: int
    last: int


_NOTHING = _Part(empty=True, first=0, last=0)


class Pattern:
    """A compiled expression; equal texts give the same one. See `compile_pattern`."""

    def __init__(self, text: str) -> None:
        # State 0 is the one before the first character.
        self._allowed: list[Ranges] = [()]
        self._follow = [0]
        self._parts = 0
        self._steps: dict[tuple[int, str], int] = {}
        whole = self._build(parse(text))
        self._follow[0] = whole.first
        self._accepting = whole.last | whole.empty

    def fullmatch(self, text: str) -> bool:
        """Whether all of `text` matches."""
        if len(text) > LONGEST_TEXT:
            return False
        states = 1
        for character in text:
            states = self._step(states, character)
        return bool(states & self._accepting)

    def _step(self, states: int, character: str) -> int:
        """The states after `character`: looked up where they have been found before."""
        after = self._steps.get((states, character))
        if after is None:
            if len(self._steps) >= REMEMBERED_STEPS:
                self._steps.clear()
            after = self._steps[states, character] = self._after(states, ord(character))
        return after

    def _after(self, states: int, code: int) -> int:
        reachable = 0
        for state in _bits(states):
            reachable |= self._follow[state]
        return sum(
            1 << state
            for state in _bits(reachable)
            if any(low <= code <= high for low, high in self._allowed[state])
        )

    def _build(self, node: Node) -> _Part:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ValueError("is too large: it repeats too many parts")
        match node:
            case Character(allowed):
                return self._state(allowed)
            case Choice(branches):
                return _either(*(self._build(branch) for branch in branches))
            case Repeat(part, least, most):
                return self._repeated(part, least, most)
            case _:
                return self._joined(*(self._build(part) for part in node.parts))

    def _state(self, allowed: Ranges) -> _Part:
        if len(self._allowed) > MOST_STATES:
            raise ValueError(f"is too large: it counts to more than {MOST_STATES} characters")
        self._allowed.append(allowed)
        self._follow.append(0)
        bit = 1 << (len(self._allowed) - 1)
        return _Part(empty=False, first=bit, last=bit)

    def _repeated(self, node: Node, least: int, most: int | None) -> _Part:
        parts = [self._build(node) for _ in range(least)]
        if most is None:
            again = self._build(node)
            self._joined(again, again)
            parts.append(again._replace(empty=True))
        else:
            parts += [_either(_NOTHING, self._build(node)) for _ in range(most - least)]
        return self._joined(*parts)

    def _joined(self, *parts: _Part) -> _Part:
        whole = _NOTHING
        for part in parts:
            for state in _bits(whole.last):
                self._follow[state] |= part.first
            whole = _Part(
                empty=whole.empty and part.empty,
                first=whole.first | (part.first if whole.empty else 0),
                last=part.last | (whole.last if part.empty else 0),
            )
        return whole


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> Pattern:
    """The pattern of `text`. Raises ValueError, which says what is wrong and where.

    >>> compile_pattern("5..|429").fullmatch("503")
    True
    """
    return Pattern(text)


def _either(*parts: _Part) -> _Part:
    first = last = 0
    for part in parts:
        first, last = first | part.first, last | part.last
    return _Part(any(part.empty for part in parts), first, last)


def _bits(states: int) -> Iterator[int]:
    while states:
        lowest = states & -states
        yield lowest.bit_length() - 1
        states ^= lowest
