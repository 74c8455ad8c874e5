"""What is read off a PromQL expression without a parser of PromQL: how far back it looks, and
whether it is a plain selector.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from kubervisor.traffic.patterns import compile_pattern

# These read what a tenant wrote, while holding the interpreter: none may try one text in two ways.
_QUOTED = re.compile(
    r"""
    "(?:\\.|[^"\\])*(?:"|\Z)    # an unclosed string ends with the text
    | '(?:\\.|[^'\\])*(?:'|\Z)
    | `[^`]*(?:`|\Z)
    | \#[^\n]*                  # a comment, found in the same pass: each may hold the other's mark
    """,
    re.VERBOSE | re.DOTALL,
)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_PART = rf"({_NUMBER})(ms|[smhdwy])"
_DURATION = rf"(?:{_NUMBER}(?:ms|[smhdwy]))+"
# Prometheus 3 takes a plain number for seconds.
_RANGE = re.compile(rf"\[\s*(?:({_DURATION})|({_NUMBER}))\s*(:[^\[\]]*)?\]")
_SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}


def seconds(duration: str) -> float:
    """The seconds of a duration as Prometheus writes it, such as 5s, 1h30m or 7d.

    Days have 24 hours, weeks 7 days, years 365 days. Raises ValueError where it is none. The
    durations of a KubervisorService are others, see `kubervisor.api.fields.seconds_of`.

    >>> seconds("1m30s")
    90.0
    """
    if not re.fullmatch(_DURATION, duration):
        raise ValueError(f"{duration!r} is no duration; write 5s, 1m30s or 500ms")
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, duration))


@lru_cache(maxsize=2048)
def reach(promql: str) -> float:
    """Seconds that the expression's ranges reach back; 0 where it reads instants only.

    The longest range selector, plus the subqueries around it. An `offset` is not counted: it names
    a past on purpose.

    >>> reach('sum(rate(a[1m30s])) / sum(rate(b[30s]))')
    90.0
    >>> reach('max_over_time(rate(a{path="[1h]"}[1m])[5m:10s])')
    360.0
    """
    plain, subqueries = 0.0, 0.0
    for duration, number, step in _RANGE.findall(_QUOTED.sub("", promql)):
        length = seconds(duration) if duration else float(number)
        if step:
            subqueries += length
        else:
            plain = max(plain, length)
    return plain + subqueries


_TOKEN = re.compile(
    r"""
    (?P<space> [ \t\r\n]+ )  # no comments: a range is written behind the selector
    | (?P<name> [A-Za-z_:][A-Za-z0-9_:]* )
    | (?P<sign> =~ | !~ | != | [={},] )
    | (?P<text> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `[^`]*` )
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[0-3][0-7]{2}|[abfnrtv\\'\"])|\\")
_ESCAPED = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a selector asks of one label; a label that is absent has the empty value."""

    label: str
    sign: str  # = != =~ !~
    value: str

    def holds(self, value: str) -> bool:
        """Whether a label with `value` satisfies it; patterns match whole values."""
        if self.sign in ("=", "!="):
            return (value == self.value) is (self.sign == "=")
        return compile_pattern(self.value).fullmatch(value) is (self.sign == "=~")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric's name and what is asked of its labels."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether it selects the series of that name and those labels."""
        return name == self.name and all(m.holds(labels.get(m.label, "")) for m in self.matchers)


def is_plain_selector(promql: str) -> bool:
    """Whether the expression is a metric's name with matchers, and nothing else: no function, no
    range, no offset.

    >>> is_plain_selector('http_requests_total{code=~"5.."}'), is_plain_selector("rate(a[1m])")
    (True, False)
    """
    return plain_selector(promql) is not None


def parse_selector(promql: str) -> Selector:
    """The selector that is written here, to be matched by ourselves.

    Raises ValueError where it is none, or where one of its patterns is not understood by
    `patterns`: the message completes "the expression …".
    """
    selector = plain_selector(promql)
    if selector is None:
        raise ValueError(
            "is no plain selector: write a metric's name with matchers, such as "
            'http_requests_total{code=~"5.."}, without functions, ranges or operators'
        )
    for matcher in selector.matchers:
        if matcher.sign in ("=~", "!~"):
            try:
                compile_pattern(matcher.value)
            except ValueError as error:
                raise ValueError(f"has a pattern for {matcher.label} that {error}") from error
    return selector


# A selector by the kinds of its tokens: Name, Text, Sign and the marks themselves. Since Prometheus
# 3 names of metrics and labels may be quoted, the metric's inside the braces.
_SHAPE = re.compile(r"(N)?(\{((?:[NT]ST|T)(?:,(?:[NT]ST|T))*,?)?\})?")


def plain_selector(promql: str) -> Selector | None:
    """The selector that is written here, with patterns as they are; None where it is none."""
    tokens = _tokens(promql)
    if not _SHAPE.fullmatch("".join(kind for kind, _ in tokens)):
        return None
    names: list[str] = []
    matchers: list[Matcher] = []
    for item in _items(tokens):
        match item:
            case [name]:
                names.append(name)
            case ["__name__", "=", name]:
                names.append(name)
            case [label, sign, value]:
                matchers.append(Matcher(label, sign, value))
    if len(names) != 1 or any(m.label == "__name__" for m in matchers):
        return None
    return Selector(names[0], tuple(matchers))


def _tokens(promql: str) -> list[tuple[str, str]]:
    """Kind and value of each token; a token of kind "?" where something else stands."""
    tokens, at = [], 0
    while at < len(promql):
        found = _TOKEN.match(promql, at)
        if found is None:
            return [("?", "")]
        at = found.end()
        value = found[0]
        match found.lastgroup:
            case "name":
                tokens.append(("N", value))
            case "text":
                tokens.append(_unquoted(value))
            case "sign":
                tokens.append((value if value in "{}," else "S", value))
    return tokens


def _items(tokens: list[tuple[str, str]]) -> list[list[str]]:
    """The values of the tokens between the marks: the metric's name, and each matcher."""
    items: list[list[str]] = [[]]
    for kind, value in tokens:
        if kind in "{},":
            items.append([])
        else:
            items[-1].append(value)
    return [item for item in items if item]


def _unquoted(text: str) -> tuple[str, str]:
    """The token of a string; PromQL has the escapes of Go and refuses all others."""
    inner = text[1:-1]
    if text[0] == "`":
        return "T", inner
    found = [escape[1] for escape in _ESCAPE.finditer(inner)]
    return ("?", "") if None in found else ("T", _ESCAPE.sub(_meant, inner))


def _meant(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] in "xu" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code.isdigit() else _ESCAPED.get(code, code)
