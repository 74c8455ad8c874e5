"""Reads instant vectors, straight from the bytes into values, as they come.

An answer for many Services at once is tens of megabytes of JSON. It is read by the piece: never is
all of it in memory beside its samples, and no single call holds the interpreter for longer than a
millisecond. What cannot be read by the piece is read as a whole, at the end.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
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
from kubervisor.traffic.columns import Columns
from kubervisor.traffic.layout import Again, Follower, Layout, New
from kubervisor.traffic.measurement import Samples
from kubervisor.traffic.rows import Naming, as_it_is

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


class _SampleUnread(msgspec.Struct, gc=False):
    metric: msgspec.Raw
    value: _Point


class _SampleAsText(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str] | None = None


# Values are sent as texts. A decoder that is not strict reads them as numbers, in half the time. It
# knows no "+Inf": what it does not take is read once more, value by value.
_VECTOR = msgspec.json.Decoder(list[_Sample], strict=False)
_VECTOR_UNREAD = msgspec.json.Decoder(list[_SampleUnread], strict=False)
_VECTOR_AS_TEXT = msgspec.json.Decoder(list[_SampleAsText])


def read_vector(
    title: str,
    pieces: Iterable[bytes],
    pod_label: str,
    *,
    max_commas: int,
    one: Naming = as_it_is,
    before: Layout | None = None,
) -> Samples:
    """The samples of an instant vector that comes in `pieces`, their values as sent, NaN included.

    Raises SourceRejected where the answer is an error, SourceAnswerUnusable where it is anything
    but a complete instant vector, or more than `max_commas` allows. `infos` (annotations on
    correct answers) are ignored. `one` is as `Columns` takes it, `before` the layout of an earlier
    answer to the same question.
    """
    known = before or Layout()
    found = _by_the_piece(title, gathered(title, pieces, max_commas), Follower(known))
    return Samples(Columns(pod_label, found, one, known))


def _by_the_piece(title: str, pieces: Iterator[bytes], before: Follower) -> Iterator[New | Again]:
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
            if end <= 0:
                break
            try:
                found = _read(title, b"[%b]" % rest[:end], before)
            except SourceAnswerUnusable:
                break
            yield found
            rest = rest[end + 1 :]
        rest = head + rest
    yield _read(title, complete(title, b"".join([rest, *pieces]), "vector"), before)


def _begin(piece: bytes) -> int:
    """Where the samples begin in the first piece of an answer; 0 where that is not sure."""
    head, found, _ = piece.partition(_BEGIN)
    try:
        data = ANSWER.decode(head + found + b"]}}").data
    except UNREADABLE:
        return 0
    return len(head + found) if data is not None and bytes(data.result) == b"[]" else 0


def _read(title: str, raw: bytes | msgspec.Raw, before: Follower) -> New | Again:
    try:
        return _read_labels(raw) if before.is_first else _read_values(raw, before)
    except msgspec.ValidationError:
        return _read_texts(title, raw)
    except UNREADABLE as error:
        raise no_prometheus(title, error) from None


def _read_values(raw: bytes | msgspec.Raw, before: Follower) -> New | Again:
    found = _VECTOR_UNREAD.decode(raw)
    # Hashes are salted: nobody who writes labels can make two of them equal.
    marks = array("q", [hash(bytes(one.metric)) for one in found])
    points = [one.value for one in found]
    instants = {point.at for point in points}
    if len(instants) == 1 and (start := before.find(marks)) is not None:
        return Again(marks, start, array("d", [point.value for point in points]), instants.pop())
    return _read_labels(raw, marks)


def _read_labels(raw: bytes | msgspec.Raw, marks: array[int] | None = None) -> New:
    found = _VECTOR.decode(raw)
    samples = [(one.metric, one.value.value, one.value.at) for one in found]
    return New(_unmarked(len(found)) if marks is None else marks, samples)


def _read_texts(title: str, raw: bytes | msgspec.Raw) -> New:
    found = list[_Read]()
    for one in decoded(title, _VECTOR_AS_TEXT, raw):
        if one.value is None:
            raise histogram(title)
        at, text = one.value
        found.append((one.metric, number(title, text), at))
    return New(_unmarked(len(found)), found)


def _unmarked(count: int) -> array[int]:
    return array("q", bytes(8 * count))
