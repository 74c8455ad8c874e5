"""The words of PromQL, one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    \s+ | \#[^\n]*
    | (?P<number> 0[xX][0-9a-fA-F]+ | (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]) )
    | (?P<duration> (?:[0-9]+(?:ms|[smhdwy]))+ )
    | (?P<name> [A-Za-z_:][A-Za-z0-9_:]* )
    | (?P<sign> == | != | >= | <= | [-+*/%^<>()@,] )
    | (?P<braces> \{ (?: [^{}"'`] | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` )* \} )
    | (?P<range> \[ [^\]]* \]? )
    """,
    re.VERBOSE,
)


class NotComputed(ValueError):
    """It takes a Prometheus; the message says what of the expression does."""


class Tokens:
    """The tokens that are left; at their end both kind and value are empty."""

    def __init__(self, promql: str) -> None:
        """Raises NotComputed."""
        self._tokens = [*_tokens(promql), ("", "")]
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def value(self) -> str:
        return self._tokens[self._at][1]

    def take(self) -> str:
        value = self.value
        self._at += 1
        return value

    def takes(self, *values: str) -> bool:
        """Whether one of them stood here; it does no more."""
        if self.kind not in ("sign", "name") or self.value.lower() not in values:
            return False
        self._at += 1
        return True

    def expect(self, value: str) -> None:
        if not self.takes(value):
            raise NotComputed(f"{value!r} is missing")


def _tokens(promql: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(promql):
        found = _TOKEN.match(promql, at)
        if found is None or found.end() == at:
            raise NotComputed(f"{promql[at : at + 20]!r} is none of what is computed here")
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0]
