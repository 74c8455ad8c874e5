"""Reads the answers of Prometheus: vectors and matrices, straight from the bytes into values.

Reading is on the path of every evaluation, and answers for many Services at once hold hundreds of
thousands of series: nothing is built here that is not handed on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import lt
from typing import Annotated, TypeVar

import msgspec

from kubervisor.errors import SourceAnswerUnusable, SourceRejected
from kubervisor.sources.http import excerpt
from kubervisor.traffic.measurement import Sample, Series

# Go writes a float64 with at most 326 characters; parsing longer ones is work for nothing.
_MAX_NUMBER = 400

T = TypeVar("T")


class _Point(msgspec.Struct, gc=False, array_like=True, forbid_unknown_fields=True):
    at: float
    value: float


class _Sample(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: _Point


class _Series(msgspec.Struct, gc=False):
    metric: dict[str, str]
    values: Annotated[list[tuple[float, float]], msgspec.Meta(min_length=1)]


class _SampleAsText(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str] | None = None


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


_ANSWER = msgspec.json.Decoder(_Answer)
# Values are sent as texts. A decoder that is not strict reads them as numbers, in half the time. It
# knows no "+Inf": what it does not take is read once more, value by value.
_VECTOR = msgspec.json.Decoder(list[_Sample], strict=False)
_MATRIX = msgspec.json.Decoder(list[_Series], strict=False)
_VECTOR_AS_TEXT = msgspec.json.Decoder(list[_SampleAsText])
_MATRIX_AS_TEXT = msgspec.json.Decoder(list[_SeriesAsText])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_vector(title: str, body: bytes, *, max_commas: int) -> tuple[Sample, ...]:
    """The samples of an instant vector, their values as sent, NaN included.

    Raises SourceRejected where the answer is an error, SourceAnswerUnusable where it is anything
    but a complete instant vector, or more than `max_commas` allows. `infos` (annotations on
    correct answers) are ignored.
    """
    raw = _complete(title, body, "vector", max_commas)
    try:
        found = _VECTOR.decode(raw)
    except msgspec.ValidationError:
        return _vector_from_text(title, raw)
    except _UNREADABLE as error:
        raise _no_prometheus(title, error) from None
    return _samples(found)


def _samples(found: Iterable[_Sample]) -> tuple[Sample, ...]:
    """The samples, with equal texts and instants as one object: a pod has several series, and its
    namespace thousands. An answer is kept until the next, and this makes it a third smaller.
    """
    texts: dict[str, str] = {}
    instants: dict[float, float] = {}
    text, instant = texts.setdefault, instants.setdefault
    samples = []
    for one in found:
        labels, (at, value) = one.metric, (one.value.at, one.value.value)
        for name, said in labels.items():
            labels[name] = text(said, said)
        samples.append(Sample(labels, value, instant(at, at)))
    return tuple(samples)


def read_matrix(title: str, body: bytes, *, max_commas: int) -> tuple[Series, ...]:
    """The series of a matrix, as `read_vector` reads samples.

    Stale markers are NaN, as are values that are none; both stay in the series as gaps.
    """
    raw = _complete(title, body, "matrix", max_commas)
    try:
        return tuple([_series(title, one.metric, one.values) for one in _MATRIX.decode(raw)])
    except msgspec.ValidationError:
        return _matrix_from_text(title, raw)
    except _UNREADABLE as error:
        raise _no_prometheus(title, error) from None


def read_error(body: bytes) -> str:
    """Prometheus's own explanation; empty where the body is not an error of Prometheus."""
    try:
        return excerpt(_ANSWER.decode(body).error)
    except _UNREADABLE:
        return ""


def oldest(answer: Iterable[Sample] | Iterable[Series]) -> float:
    """The earliest instant in an answer (Unix seconds); infinite where it is empty."""
    instants = [one.at if isinstance(one, Sample) else one.times[0] for one in answer]
    return min(instants, default=math.inf)


def _complete(title: str, body: bytes, kind: str, max_commas: int) -> msgspec.Raw:
    """The result of a complete answer of the wanted kind, still as JSON."""
    # A comma stands before nearly every value of an answer, and a value costs up to 150 bytes
    # once it is decoded: this keeps the smallest values from growing an answer twentyfold.
    if body.count(b",") > max_commas:
        raise SourceAnswerUnusable(
            f"{title} answered too many series or labels; aggregate the query."
        )
    try:
        answer = _ANSWER.decode(body)
    except _UNREADABLE as error:
        raise _no_prometheus(title, error) from None
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


def _no_prometheus(title: str, error: Exception) -> SourceAnswerUnusable:
    return SourceAnswerUnusable(
        f"{title} did not answer as a Prometheus does ({excerpt(str(error))}). Check that the "
        f"address is a Prometheus."
    )


def _vector_from_text(title: str, raw: msgspec.Raw) -> tuple[Sample, ...]:
    found = []
    for one in _decoded(title, _VECTOR_AS_TEXT, raw):
        if one.value is None:
            raise _histogram(title)
        at, text = one.value
        found.append(Sample(one.metric, _number(title, text), at))
    return tuple(found)


def _matrix_from_text(title: str, raw: msgspec.Raw) -> tuple[Series, ...]:
    found = []
    for one in _decoded(title, _MATRIX_AS_TEXT, raw):
        if not one.values:
            raise _histogram(title)
        points = [(at, _number(title, text)) for at, text in one.values]
        found.append(_series(title, one.metric, points))
    return tuple(found)


def _decoded(title: str, decoder: msgspec.json.Decoder[T], raw: msgspec.Raw) -> T:
    try:
        return decoder.decode(raw)
    except _UNREADABLE as error:
        raise _no_prometheus(title, error) from None


def _series(title: str, labels: dict[str, str], points: list[tuple[float, float]]) -> Series:
    times, values = zip(*points, strict=True)
    # Whoever computes with the instants takes them in order.
    if not all(map(lt, times, times[1:])):
        raise SourceAnswerUnusable(f"{title} answered samples that are not in order of time.")
    return Series(labels, times, values)


def _number(title: str, text: str) -> float:
    try:
        if len(text) > _MAX_NUMBER:
            raise ValueError
        return float(text)
    except ValueError:
        raise SourceAnswerUnusable(f"{title} answered a value that is not a number.") from None


def _histogram(title: str) -> SourceAnswerUnusable:
    return SourceAnswerUnusable(
        f"{title} answered a native histogram; take a number from it in the query, for "
        f"instance with histogram_fraction."
    )
