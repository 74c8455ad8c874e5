"""Queries with their values in place: whatever a value is, it says no more than a value can.

A place is `{{ .Name }}`. In a string its value is written as text of that string, and where the
string is a pattern, as text that matches itself only. Elsewhere it must be a name or a duration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kubervisor.workflow.project.model import Query

LONGEST_VALUE = 1_024

_PLACE = r"(?P<place> \{\{[ \t]*\.(?P<name>[A-Za-z][A-Za-z0-9_]*)[ \t]*\}\} ) | (?P<wrong> \{\{ )"
# Strings and comments in the same pass, because each may hold the other's mark.
_TOKEN = re.compile(
    rf"""
    {_PLACE}
    | (?P<string> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `[^`]*` )
    | (?P<open> ["'`] )
    | (?P<comment> \#[^\n]* )
    | (?P<text> [^{{"'`\#]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
# An escape takes in the brace after it, which then begins no place.
_IN_STRING = re.compile(rf"{_PLACE} | (?P<text> \\. | [^{{\\]+ | . )", re.VERBOSE | re.DOTALL)
_IN_RAW_STRING = re.compile(rf"{_PLACE} | (?P<text> [^{{]+ | . )", re.VERBOSE | re.DOTALL)

_PLAIN = re.compile(r"[0-9A-Za-z_:.]+")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value goes: `quote` is the mark of the string around it, "" outside of strings, and
    `row` the line of the template, counted from 0.
    """

    name: str
    row: int
    quote: str = ""
    pattern: bool = False


class TemplateError(ValueError):
    """A template that cannot be followed; `row` is the line of it, counted from 0."""

    def __init__(self, row: int, said: str) -> None:
        super().__init__(said)
        self.row = row


@lru_cache(maxsize=256)
def parse(template: str) -> tuple[str | Place, ...]:
    """The texts and places of a template in order, without comments.

    Raises TemplateError; its message completes a sentence that begins with the template.
    """
    pieces: list[str | Place] = []
    code = ""
    for token in _TOKEN.finditer(template):
        row = template.count("\n", 0, token.start())
        match token.lastgroup:
            case "string":
                pieces += _in_string(token[0], row, pattern=code in ("=~", "!~"))
                code = ""
            case "open":
                raise TemplateError(row, f"has a {token[0]} that is not closed")
            case "comment":
                pass
            case _:
                pieces.append(_piece(token, row))
                code = f"{code}{token[0]}".rstrip()[-2:]
    return tuple(pieces)


def render(query: Query, parameters: Mapping[str, str]) -> str:
    """The PromQL of a query with these parameters.

    Raises ValueError where one is missing, unknown, or cannot stand where the query puts it.

    >>> render(Query("load", 'rate(load{pod="{{ .Pod }}"}[{{ .For }}])', ("Pod", "For")),
    ...        {"Pod": "shop-0", "For": "5m"})
    'rate(load{pod="shop-0"}[5m])'
    """
    for name in query.parameters:
        if name not in parameters:
            raise ValueError(f"query {query.name} asks for the parameter {name}")
    for name in parameters:
        if name not in query.parameters:
            known = ", ".join(query.parameters) or "none"
            raise ValueError(
                f"query {query.name} has no parameter {name!r:.80}; its parameters: {known}"
            )
    try:
        return "".join(
            piece if isinstance(piece, str) else _placed(piece, parameters[piece.name])
            for piece in parse(query.template)
        )
    except ValueError as error:
        raise ValueError(f"query {query.name}: {error}") from None


def _in_string(text: str, row: int, *, pattern: bool) -> list[str | Place]:
    quote = text[0]
    tokens = (_IN_RAW_STRING if quote == "`" else _IN_STRING).finditer(text)
    return [
        _piece(token, row + text.count("\n", 0, token.start()), quote, pattern=pattern)
        for token in tokens
    ]


def _piece(
    token: re.Match[str], row: int, quote: str = "", *, pattern: bool = False
) -> str | Place:
    if token["wrong"]:
        raise TemplateError(row, "has {{ that begins no place; a place is such as {{ .Name }}")
    return Place(token["name"], row, quote, pattern) if token["place"] else token[0]


def _placed(place: Place, value: str) -> str:
    """Raises ValueError, whose message begins with the parameter's name."""
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"{place.name} has more than {LONGEST_VALUE} characters")
    if not place.quote:
        if not _PLAIN.fullmatch(value):
            raise ValueError(
                f"{place.name} stands outside of quotes, where it must be a name or a duration "
                f"such as 1m; is {value!r:.80}"
            )
        return value
    if place.pattern:
        value = _META.sub(r"\\\g<0>", value)
    if place.quote == "`":
        if "`" in value:
            raise ValueError(f"{place.name} stands in a raw string, which cannot have a `")
        return value
    escaped = value.replace("\\", "\\\\").replace(place.quote, f"\\{place.quote}")
    return _UNPRINTED.sub(_by_number, escaped)


def _by_number(found: re.Match[str]) -> str:
    """Raises ValueError for half of a surrogate pair, which is no character."""
    if found[0] >= "\ud800":
        raise ValueError("a value is no Unicode text")
    return f"\\u{ord(found[0]):04x}"
