"""Reads metrics pages in the text format of Prometheus: only the lines of the wanted metrics.

A page has thousands of lines and a detector asks for one or two metrics: lines of others are never
looked at. A series is known by its text on the page, which an exporter does not change from one
page to the next, so labels are read once in the life of a series.
Source of the format: prometheus.io, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from kubervisor.sources.http import excerpt

MAX_SERIES = 10_000
"""Of the wanted metrics on one page; each costs memory for as long as its pod runs."""

# Possessive: what a pod serves must not make the reader try one line in two ways.
_LABELS = rb'\{[^"{}\n]*+(?:"(?:[^"\\\n]|\\.)*+"[^"{}\n]*+)*+\}'
_PAIR = re.compile(r'\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*+)"\s*(?:,|\Z)', re.ASCII)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LONGER_NAME = re.compile(rb"[A-Za-z0-9_:]")
_MAX_NUMBER = 400


class PageUnreadable(ValueError):
    """A line of a wanted metric is not in the format; the message says which."""


def read_samples(page: bytes, names: Collection[str]) -> Iterator[tuple[bytes, float]]:
    """The text and the value of each series whose metric is one of `names`, in no promised order.

    What an exporter says of its instants and exemplars is passed over. Raises PageUnreadable for a
    line that starts with a wanted name and is no sample of it, and for more than MAX_SERIES.
    """
    text, count = b"\n" + page, 0
    for name in names:
        mark, line = b"\n" + name.encode(), _line(name)
        at = text.find(mark)
        while at >= 0:
            found = line.match(text, at + 1)
            if found is not None:
                count += 1
                yield found[1], _number(found[2])
            elif not _LONGER_NAME.match(text, at + len(mark)):
                raise PageUnreadable(f"cannot read {_shown(text[at + 1 : at + 200])}")
            if count > MAX_SERIES:
                raise PageUnreadable(f"more than {MAX_SERIES} series of the wanted metrics")
            at = text.find(mark, at + len(mark))


def read_labels(series: bytes) -> dict[str, str]:
    """The labels in the text of a series, without the metric's name. Raises PageUnreadable."""
    try:
        _, _, inner = series.decode().partition("{")
    except UnicodeDecodeError:
        raise PageUnreadable(f"the labels {_shown(series)} are not UTF-8") from None
    inner = inner.rpartition("}")[0].strip()
    labels: dict[str, str] = {}
    at = 0
    while at < len(inner):
        pair = _PAIR.match(inner, at)
        if pair is None:
            raise PageUnreadable(f"cannot read the labels {_shown(series)}")
        labels[pair[1]] = _ESCAPE.sub(_meant, pair[2]) if "\\" in pair[2] else pair[2]
        at = pair.end()
    return labels


@lru_cache(maxsize=1024)
def _line(name: str) -> re.Pattern[bytes]:
    """A sample of the metric: its series, its value, and whatever follows."""
    metric = re.escape(name.encode())
    return re.compile(b"(" + metric + rb"(?:[ \t]*+" + _LABELS + rb"|(?=[ \t])))[ \t]*+(\S+)")


def _number(text: bytes) -> float:
    try:
        if len(text) > _MAX_NUMBER or b"_" in text:  # Python's own digit separator
            raise ValueError
        return float(text)
    except ValueError:
        raise PageUnreadable(f"{_shown(text)} is not a number") from None


def _meant(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]


def _shown(text: bytes) -> str:
    return repr(excerpt(text.partition(b"\n")[0].decode(errors="replace"), 60))
