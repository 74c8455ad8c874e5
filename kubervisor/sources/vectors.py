"""Reads instant vectors, straight from the bytes into values, as they come.

An answer for many Services at once is tens of megabytes of JSON. It is read by the piece: never is
all of it in memory beside its samples, and no single call holds the interpreter for longer than a
millisecond. What cannot be read by the piece is read as a whole, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from kubervisor.errors import SourceAnswerUnusable
from kubervisor.sources.answers import (
    ANSWER,
    UNREADABLE,
    complete,
    decoded,
    gathered,
    histogram,
    no_prometheus,
    number,
)
from kubervisor.traffic.measurement import Samples
from kubervisor.traffic.rows import Known, Naming, as_it_is

_BEGIN, _NEXT = b'"result":[', b',{"metric":'
"""Where the samples of an answer begin, and where another one does. The latter is no part of a
text: its first quote is not escaped, so it begins a text, for none ends before a letter."""

_Read: TypeAlias = tuple[dict[str, str], float, float]
"""Labels, value and instant of a sample."""


class _Point(msgspec.Struct, gc=False, array_like=True, forbid_unknown_fields=True):
    at: float
    value: float


class _Sample(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: _Point


class _SampleAsText(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str] | None = None


# Values are sent as texts. A decoder that is not strict reads them as numbers, in half the time. It
# knows no "+Inf": what it does not take is read once more, value by value.
_VECTOR = msgspec.json.Decoder(list[_Sample], strict=False)
_VECTOR_AS_TEXT = msgspec.json.Decoder(list[_SampleAsText])


def read_vector(
    title: str,
    pieces: Iterable[bytes],
    pod_label: str,
    *,
    max_commas: int,
    one: Naming = as_it_is,
    before: Known = MappingProxyType({}),
) -> Samples:
    """The samples of an instant vector that comes in `pieces`, their values as sent, NaN included.

    Raises SourceRejected where the answer is an error, SourceAnswerUnusable where it is anything
    but a complete instant vector, or more than `max_commas` allows. `infos` (annotations on
    correct answers) are ignored. `one` and `before` are as `Samples` takes them.
    """
    found = _by_the_piece(title, gathered(title, pieces, max_commas))
    return Samples(pod_label, chain.from_iterable(found), one=one, before=before)


def _by_the_piece(title: str, pieces: Iterator[bytes]) -> Iterator[list[_Read]]:
    """The samples of an answer, piece by piece: each is cut before its last sample, which waits for
    the next. What remains at the end, or once a piece cannot be read by itself, is read as the
    answer that it is without the samples before: so its errors are those of the whole.
    """
    rest = next(pieces)
    begin = _begin(rest)
    if begin:
        head, rest = rest[:begin], rest[begin:]
        for piece in pieces:
            rest += piece
            end = rest.rfind(_NEXT)
            try:
                found = _read(title, b"[%b]" % rest[:end]) if end > 0 else []
            except SourceAnswerUnusable:
                break
            if not found:
                break
            yield found
            rest = rest[end + 1 :]
        rest = head + rest
    yield _read(title, complete(title, b"".join([rest, *pieces]), "vector"))


def _begin(piece: bytes) -> int:
    """Where the samples begin in the first piece of an answer; 0 where that is not sure."""
    head, found, _ = piece.partition(_BEGIN)
    try:
        data = ANSWER.decode(head + found + b"]}}").data
    except UNREADABLE:
        return 0
    return len(head + found) if data is not None and bytes(data.result) == b"[]" else 0


def _read(title: str, raw: bytes | msgspec.Raw) -> list[_Read]:
    try:
        found = _VECTOR.decode(raw)
    except msgspec.ValidationError:
        return _read_texts(title, raw)
    except UNREADABLE as error:
        raise no_prometheus(title, error) from None
    return [(one.metric, one.value.value, one.value.at) for one in found]


def _read_texts(title: str, raw: bytes | msgspec.Raw) -> list[_Read]:
    found = []
    for one in decoded(title, _VECTOR_AS_TEXT, raw):
        if one.value is None:
            raise histogram(title)
        at, text = one.value
        found.append((one.metric, number(title, text), at))
    return found
