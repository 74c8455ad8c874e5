"""An answer that is read by the piece says what it says as a whole."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubervisor.errors import SourceAnswerUnusable, SourceError
from kubervisor.sources import answers
from kubervisor.sources.vectors import read_vector
from kubervisor.traffic.measurement import Samples

HEAD = '{"status":"success","data":{"resultType":"vector","result":['
DIVIDER = ',{"metric":'

texts = st.text() | st.sampled_from(["", "web-0", "shop", DIVIDER, '"result":[', '\\",{"metric":'])
labels = st.dictionaries(st.sampled_from(["pod", "namespace", "code"]) | texts, texts)
numbers = st.floats().map(str) | st.sampled_from(["NaN", "+Inf", "-Inf", "0", "1e-320"])
samples = st.fixed_dictionaries(
    {"metric": labels, "value": st.tuples(st.sampled_from([1.5, 2.5, 3e9]), numbers)}
)
spoilt = st.sampled_from(
    [
        {"metric": {}, "histogram": [1.5, {"count": "1"}]},
        {"metric": {"pod": 7}, "value": [1.5, "1"]},
        {"metric": {}, "value": [1.5, "many"]},
        {"metric": {}, "value": [1.5]},
        {"value": [1.5, "1"]},
        [1, {"metric": {}}],
    ]
)
ends = st.sampled_from(
    [
        "]}",
        ']},"infos":["so"]',
        ']},"warnings":["partial"]',
        '],"x":[1,{"metric":2}]}',
        ']},"status":"error"',
        '],"resultType":"matrix"}',
        "",
        "]",
        ",]}",
    ]
)
sizes = st.integers(1, 400)


def encoded(found: list[Any], end: str = "]}", *, ascii_only: bool = True) -> bytes:
    said = [json.dumps(one, separators=(",", ":"), ensure_ascii=ascii_only) for one in found]
    return f"{HEAD}{','.join(said)}{end}}}".encode()


def read(body: bytes, size: int, label: str = "pod") -> Samples:
    """In pieces of `size`, however small."""
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(answers, "PIECE", size)
        return read_vector("Source x", pieces, label, max_commas=10_000)


def comparable(found: Iterable[tuple[Mapping[str, str], float, float]]) -> list[object]:
    """NaN is equal to NaN here, and the order of labels says nothing."""
    return [(sorted(labels.items()), repr(value), at) for labels, value, at in found]


def outcome(body: bytes, size: int) -> object:
    """The samples, or the error but for its detail, which may say where the bytes are wrong."""
    try:
        return comparable(read(body, size))
    except SourceError as error:
        return type(error), str(error).partition("(")[0]


@given(
    st.lists(samples), sizes, st.booleans(), st.sampled_from(["pod", "namespace", "no such label"])
)
def test_every_sample_is_read_with_all_it_says(
    found: list[Any], size: int, ascii_only: bool, label: str
) -> None:
    body = encoded(found, ascii_only=ascii_only)
    plain = [(one["metric"], float(one["value"][1]), one["value"][0]) for one in found]

    assert comparable(read(body, size, label)) == comparable(plain)


@given(st.lists(samples | spoilt), ends, sizes)
@example([{"metric": {}, "value": [1.5, "1"]}] * 9, "]}", 64)
def test_whatever_is_wrong_is_the_same_by_the_piece(found: list[Any], end: str, size: int) -> None:
    body = encoded(found, end)

    assert outcome(body, size) == outcome(body, len(body))


@given(st.lists(samples, min_size=1), st.data(), sizes)
def test_damaged_bytes_are_the_same_by_the_piece(
    found: list[Any], data: st.DataObject, size: int
) -> None:
    body = encoded(found)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(body))] * 2)))
    damaged = body[:first] + data.draw(st.binary(max_size=3)) + body[last:]

    assert outcome(damaged, size) == outcome(damaged, len(damaged) or 1)


@pytest.mark.parametrize(
    "body",
    [
        HEAD.replace(":", ": ").replace(",", ", ")
        + '{"metric": {"pod": "a"}, "value": [1, "2"]}]}}',
        '{"status":"success","isPartial":false'
        + HEAD[19:]
        + '{"metric":{"pod":"a"},"value":[1,"2"]}]}}',
        '{"infos":["so"],' + HEAD[1:] + '{"metric":{"pod":"b","pod":"a"},"value":[1,"2"]}]}}',
    ],
    ids=["with spaces", "with a field of VictoriaMetrics", "infos first and a label twice"],
)
def test_other_ways_to_write_the_same_are_read(body: str) -> None:
    for size in (1, 40, 1000):
        assert read(body.encode(), size) == [({"pod": "a"}, 2.0, 1)]


def test_no_more_is_in_memory_than_the_samples_and_a_piece() -> None:
    one = b'{"metric":{"code":"%d","namespace":"shop","pod":"cart-%05d"},"value":[1.5,"7.25"]}'
    count = 20_000

    def pieces() -> Iterator[bytes]:
        yield HEAD.encode()
        for number in range(count):
            yield b"," * (number > 0) + one % (200 + number % 2, number // 2)
        yield b"]}}"

    tracemalloc.start()
    try:
        read_samples = read_vector("Source x", pieces(), "pod", max_commas=10**6)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(read_samples) == count
    assert len(read_samples.pods) == count // 2
    assert held < 90 * count, "its JSON has 80 bytes, and a Sample 300"
    assert peak < held + 2**21


def test_the_commas_of_all_pieces_count() -> None:
    body = encoded([{"metric": {}, "value": [1.5, "1"]}] * 50)

    with pytest.raises(SourceAnswerUnusable, match="too many series"):
        read_vector("Source x", [body[:900], body[900:]], "pod", max_commas=100)
