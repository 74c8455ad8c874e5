"""Metrics pages are read as the reference parser reads them, and no faster way than all at once."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from kubervisor.sources.exposition import MAX_SERIES, PageUnreadable, read_labels, read_samples

PAGE = b"""\
# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="get",code="200"} 1027 1395066363000
http_requests_total{method="get",code="500"} 3
http_requests_totality 9
other{name="http_requests_total"} 8
process_resident_memory_bytes 1.5e+07
go_info 1
"""


def read(page: bytes, *names: str) -> list[tuple[dict[str, str], float]]:
    return [(read_labels(text), value) for text, value in read_samples(page, names)]


def test_only_the_wanted_metrics_are_read() -> None:
    assert read(PAGE, "http_requests_total") == [
        ({"method": "get", "code": "200"}, 1027.0),
        ({"method": "get", "code": "500"}, 3.0),
    ]
    assert read(PAGE, "process_resident_memory_bytes", "absent") == [({}, 1.5e7)]
    assert read(b"", "up") == []


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        pytest.param("up{} 1", {}, 1.0, id="no labels in braces"),
        pytest.param("up\t1", {}, 1.0, id="a tab"),
        pytest.param('up { a = "b" , } 2', {"a": "b"}, 2.0, id="blanks and a last comma"),
        pytest.param(r'up{a="}\"{ 5"} 3', {"a": '}"{ 5'}, 3.0, id="braces and quotes in a value"),
        pytest.param(r'up{a="x\\n\n"} 3', {"a": "x\\n\n"}, 3.0, id="escapes"),
        pytest.param('up{a="ü"} 3', {"a": "ü"}, 3.0, id="UTF-8"),
        pytest.param("up +Inf", {}, math.inf, id="infinity"),
        pytest.param('up{a="b"} 4 # {trace="1"} 2.0', {"a": "b"}, 4.0, id="an exemplar"),
        pytest.param("up 1\r", {}, 1.0, id="a carriage return"),
    ],
)
def test_a_sample(line: str, labels: dict[str, str], value: float) -> None:
    assert read(f"x 1\n{line}\ny 2\n".encode(), "up") == [(labels, value)]


def test_a_stale_marker_or_nothing_measured_is_nan() -> None:
    ((_, value),) = read(b"up NaN\n", "up")

    assert math.isnan(value)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        pytest.param(b"up one", "'one' is not a number", id="a word"),
        pytest.param(b"up 1_000", "'1_000' is not a number", id="a separator"),
        pytest.param(b"up " + b"9" * 500, "is not a number", id="500 digits"),
        pytest.param(b"up", "cannot read 'up'", id="no value"),
        pytest.param(b'up{a="b 1', "cannot read 'up{a=", id="labels without end"),
        pytest.param(b"up{a=1} 1", "cannot read", id="a label without quotes"),
        pytest.param(b'up{a="\xff"} 1', "not UTF-8", id="no UTF-8"),
        pytest.param(b"up\x1b[31m 1", "cannot read", id="a control character"),
        pytest.param(b'up{a="1"} 1\n' * (MAX_SERIES + 1), "more than 10000", id="too many"),
    ],
)
def test_what_is_not_readable_is_said(page: bytes, says: str) -> None:
    with pytest.raises(PageUnreadable) as raised:
        read(page, "up")

    assert says in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_page_of_a_client_library_reads_as_its_own_parser_reads_it() -> None:
    registry = CollectorRegistry()
    requests = Counter("requests", "R.", ("code", "path"), registry=registry)
    requests.labels("200", '/a"b\\c\n').inc(7)
    requests.labels("503", "").inc()
    Histogram("seconds", "S.", registry=registry).observe(0.3)
    Gauge("load", "L.", registry=registry).set(-1.5e-7)
    page = generate_latest(registry)
    expected = [
        s for family in text_string_to_metric_families(page.decode()) for s in family.samples
    ]
    names = {sample.name for sample in expected}

    found = [
        (text.partition(b"{")[0].decode(), read_labels(text), value)
        for text, value in read_samples(page, names)
    ]

    in_order = sorted(found, key=str)
    assert in_order == sorted(((s.name, dict(s.labels), s.value) for s in expected), key=str)


pieces = st.sampled_from(["up", "{", "}", '"', "\\", "\n", " ", "=", ",", "a", "1", "#", "e", "ü"])


@settings(deadline=None, max_examples=300)
@given(st.binary() | st.lists(pieces).map("".join).map(str.encode))
@example(b"up{" + b'a="b",' * 50)
def test_no_page_breaks_the_reader(page: bytes) -> None:
    with suppress(PageUnreadable):
        for labels, value in read(b"up" + page, "up"):
            assert isinstance(value, float)
            assert all(isinstance(text, str) for pair in labels.items() for text in pair)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(max_size=9)))
def test_labels_come_back_as_they_were_written(labels: dict[str, str]) -> None:
    def escaped(value: str) -> str:
        return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")

    inner = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())

    assert read(f"up{{{inner}}} 1\n".encode("utf-8", "surrogatepass"), "up") == [(labels, 1.0)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"up" + b" " * 200_000, id="blanks"),
        pytest.param(b"up{" + b'"' * 200_000, id="quotes"),
        pytest.param(b'up{a="' + b"\\" * 200_000, id="backslashes"),
        pytest.param(b'up{a="b"' + b',a="b"' * 40_000, id="labels without end"),
        pytest.param(b"up" * 200_000, id="a long name"),
    ],
)
def test_a_long_line_takes_time_in_proportion(line: bytes) -> None:
    """Each would take hours if one part of it could be read in two ways."""
    with pytest.raises(PageUnreadable):
        list(read_samples(line + b"\nup x", ["up"]))
