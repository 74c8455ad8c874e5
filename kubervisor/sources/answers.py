"""Reads the answers of Prometheus: what is around every result, and matrices.

Reading is on the path of every evaluation: nothing is built here that is not handed on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import lt
from typing import Annotated, TypeVar

import msgspec

from kubervisor.errors import SourceAnswerUnusable, SourceRejected
from kubervisor.sources.http import excerpt
from kubervisor.traffic.measurement import Series

PIECE = 64 * 1024
"""Bytes that are decoded in well under a millisecond."""

# Go writes a float64 with at most 326 characters; parsing longer ones is work for nothing.
_MAX_NUMBER = 400

T = TypeVar("T")


class _Series(msgspec.Struct, gc=False):
    metric: dict[str, str]
    values: Annotated[list[tuple[float, float]], msgspec.Meta(min_length=1)]


class _SeriesAsText(msgspec.Struct, gc=False):
    metric: dict[str, str]
    values: list[tuple[float, str]] | None = None


class _Data(msgspec.Struct):
    resultType: str
    result: msgspec.Raw


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


ANSWER = msgspec.json.Decoder(_Answer)
# As in vectors: a decoder that is not strict reads most texts as the numbers that they are.
_MATRIX = msgspec.json.Decoder(list[_Series], strict=False)
_MATRIX_AS_TEXT = msgspec.json.Decoder(list[_SeriesAsText])
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_matrix(title: str, pieces: Iterable[bytes], *, max_commas: int) -> tuple[Series, ...]:
    """The series of a matrix that comes in `pieces`. Raises as `read_vector` does.

    Stale markers are NaN, as are values that are none; both stay in the series as gaps.
    """
    raw = complete(title, b"".join(gathered(title, pieces, max_commas)), "matrix")
    try:
        return tuple([_series(title, one.metric, one.values) for one in _MATRIX.decode(raw)])
    except msgspec.ValidationError:
        return _matrix_from_text(title, raw)
    except UNREADABLE as error:
        raise no_prometheus(title, error) from None


def read_error(body: bytes) -> str:
    """Prometheus's own explanation; empty where the body is not an error of Prometheus."""
    try:
        return excerpt(ANSWER.decode(body).error)
    except UNREADABLE:
        return ""


def oldest(series: Iterable[Series]) -> float:
    """The earliest instant of all `series` (Unix seconds); infinite where there is none."""
    return min([one.times[0] for one in series], default=math.inf)


def gathered(title: str, pieces: Iterable[bytes], max_commas: int) -> Iterator[bytes]:
    """The answer in pieces that are worth decoding, at least one. Raises SourceAnswerUnusable."""
    commas, held, size = 0, list[bytes](), 0
    for piece in pieces:
        # A comma stands before nearly every value of an answer, and a value costs up to 150 bytes
        # once it is decoded: this keeps the smallest values from growing an answer twentyfold.
        commas += piece.count(b",")
        if commas > max_commas:
            raise SourceAnswerUnusable(
                f"{title} answered too many series or labels; aggregate the query."
            )
        held.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def complete(title: str, body: bytes, kind: str) -> msgspec.Raw:
    """The result of a complete answer of the wanted kind, still as JSON. Raises SourceRejected
    where it is an error, else SourceAnswerUnusable.
    """
    try:
        answer = ANSWER.decode(body)
    except UNREADABLE as error:
        raise no_prometheus(title, error) from None
    if answer.status != "success":
        raise SourceRejected(
            f"{title} rejected the query: {excerpt(answer.error) or 'no reason given'}."
        )
    if answer.warnings:
        raise SourceAnswerUnusable(
            f"{title} answered with a warning, so the answer may be partial: "
            f"{excerpt(answer.warnings[0])}."
        )
    if answer.data is None or answer.data.resultType != kind:
        raise _wrong_kind(title, answer.data, kind)
    return answer.data.result


def _wrong_kind(title: str, data: _Data | None, wanted: str) -> SourceAnswerUnusable:
    kind = excerpt(data.resultType, 20) if data else "success without data"
    must = "an instant vector" if wanted == "vector" else "series over a time"
    return SourceAnswerUnusable(f"{title} answered a {kind}; the query must give {must}.")


def no_prometheus(title: str, error: Exception) -> SourceAnswerUnusable:
    """The error of an answer that is no JSON, or not of the kind that a Prometheus sends."""
    return SourceAnswerUnusable(
        f"{title} did not answer as a Prometheus does ({excerpt(str(error))}). Check that the "
        f"address is a Prometheus."
    )


def _matrix_from_text(title: str, raw: msgspec.Raw) -> tuple[Series, ...]:
    found = []
    for one in decoded(title, _MATRIX_AS_TEXT, raw):
        if not one.values:
            raise histogram(title)
        points = [(at, number(title, text)) for at, text in one.values]
        found.append(_series(title, one.metric, points))
    return tuple(found)


def decoded(title: str, decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    """What `decoder` reads in `raw`. Raises SourceAnswerUnusable."""
    try:
        return decoder.decode(raw)
    except UNREADABLE as error:
        raise no_prometheus(title, error) from None


def _series(title: str, labels: dict[str, str], points: list[tuple[float, float]]) -> Series:
    times, values = zip(*points, strict=True)
    # Whoever computes with the instants takes them in order.
    if not all(map(lt, times, times[1:])):
        raise SourceAnswerUnusable(f"{title} answered samples that are not in order of time.")
    return Series(labels, times, values)


def number(title: str, text: str) -> float:
    """The value that is sent as `text`. Raises SourceAnswerUnusable."""
    try:
        if len(text) > _MAX_NUMBER:
            raise ValueError
        return float(text)
    except ValueError:
        raise SourceAnswerUnusable(f"{title} answered a value that is not a number.") from None


def histogram(title: str) -> SourceAnswerUnusable:
    """The error of a sample that is a histogram instead of a value."""
    return SourceAnswerUnusable(
        f"{title} answered a native histogram; take a number from it in the query, for "
        f"instance with histogram_fraction."
    )
