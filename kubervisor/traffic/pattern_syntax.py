"""What a tenant's regular expression says, as a tree.

The syntax is the part of RE2's (Prometheus') that `patterns` can match in linear time: characters,
`.`, classes, groups, `|` and `* + ? {n,m}`. As a whole text must match, `^` and `$` at its ends say
nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

LONGEST_PATTERN = 256
DEEPEST_NESTING = 16
HIGHEST_COUNT = 256

Ranges = tuple[tuple[int, int], ...]
"""Code points from, to (both included), in order."""

_LAST = 0x10FFFF
_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_COUNT = re.compile(r"\{([0-9]{1,4})(,([0-9]{1,4})?)?\}")


@dataclass(frozen=True, slots=True)
class Character:
    """One character out of these."""

    allowed: Ranges


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part at least so many times, and at most; None where there is no most."""

    part: Node
    least: int
    most: int | None


Node = Character | Sequence | Choice | Repeat


def parse(text: str) -> Node:
    """The tree of `text`. Raises ValueError, which says what is not understood and where."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"has more than {LONGEST_PATTERN} characters")
    parser = _Parser(text)
    tree = parser.choice(depth=0)
    if parser.ahead:
        parser.refuse("an unmatched )")
    return tree


class _Parser:
    """Reads from left to right; `ahead` is the next character, "" at the end."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    @property
    def ahead(self) -> str:
        return self._text[self._at : self._at + 1]

    def refuse(self, what: str) -> NoReturn:
        raise ValueError(f"has {what} at character {self._at + 1}")

    def choice(self, depth: int) -> Node:
        if depth > DEEPEST_NESTING:
            self.refuse(f"more than {DEEPEST_NESTING} groups in one another")
        branches = [self._sequence(depth)]
        while self._took("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self, depth: int) -> Node:
        if not depth:
            self._took("^")
        parts: list[Node] = []
        while self.ahead not in ("", "|", ")"):
            if not depth and self._text[self._at :].split("|", 1)[0] == "$":
                self._at += 1
                break
            parts.append(self._repeated(self._atom(depth)))
        return Sequence(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        counts = self._counts()
        if counts is None:
            return part
        least, most = counts
        if max(least, most or 0) > HIGHEST_COUNT or (most is not None and most < least):
            self.refuse(f"a count that is not from 0 to {HIGHEST_COUNT}")
        self._took("?")  # lazy: the same texts match
        if self.ahead in ("*", "+", "?") or self._count():
            self.refuse("a repetition of a repetition")
        return Repeat(part, least, most)

    def _counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._took(sign):
                return counts
        found = self._count()
        if found is None:
            return None
        self._at = found.end()
        least = int(found[1])
        if found[2] is None:
            return least, least
        return least, int(found[3]) if found[3] else None

    def _count(self) -> re.Match[str] | None:
        return _COUNT.match(self._text, self._at)

    def _atom(self, depth: int) -> Node:
        if self.ahead in "*+?{}^$]":
            self.refuse(f"{self.ahead} where it has no meaning (write \\{self.ahead} for itself)")
        taken = self._take()
        if taken == "(":
            if self.ahead == "?" and not self._took("?:"):
                self.refuse("(?, of which only (?: is understood")
            inner = self.choice(depth + 1)
            if not self._took(")"):
                self.refuse("a group without its )")
            return inner
        if taken == ".":
            return Character(((0, _LAST),))
        if taken == "[":
            return Character(self._class())
        return Character(self._escape() if taken == "\\" else _only(taken))

    def _class(self) -> Ranges:
        negated = self._took("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or self.ahead != "]":
            if not self.ahead:
                self.refuse("a class without its ]")
            if self._text.startswith("[:", self._at):
                self.refuse("a class of POSIX, which is not understood")
            ranges += self._range()
            first = False
        self._at += 1
        return _complement(ranges) if negated else tuple(ranges)

    def _range(self) -> Ranges:
        low = self._class_part()
        if self.ahead != "-" or self._text.startswith("-]", self._at):
            return low
        self._at += 1
        high = self._class_part() if self.ahead else ()
        if not (_is_one(low) and _is_one(high) and low[0][0] <= high[0][0]):
            self.refuse("a range whose ends are not in order")
        return ((low[0][0], high[0][0]),)

    def _class_part(self) -> Ranges:
        taken = self._take()
        return self._escape() if taken == "\\" else _only(taken)

    def _escape(self) -> Ranges:
        taken = self._take() if self.ahead else ""
        if taken.lower() in _CLASSES:
            ranges = _CLASSES[taken.lower()]
            return ranges if taken.islower() else _complement(ranges)
        if taken in _CONTROLS:
            return _only(_CONTROLS[taken])
        if not taken or (taken.isalnum() and taken.isascii()):
            self.refuse(f"\\{taken}, which is not understood,")
        return _only(taken)

    def _take(self) -> str:
        taken = self.ahead
        self._at += 1
        return taken

    def _took(self, expected: str) -> bool:
        if not self._text.startswith(expected, self._at):
            return False
        self._at += len(expected)
        return True


def _only(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _complement(ranges: list[tuple[int, int]] | Ranges) -> Ranges:
    gaps, start = [], 0
    for low, high in sorted(ranges):
        if start < low:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    return (*gaps, (start, _LAST)) if start <= _LAST else tuple(gaps)
