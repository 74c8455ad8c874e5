"""What a Prometheus may do to us, and what becomes of it."""

from __future__ import annotations

import gzip
import json
import math
import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import Sample, Samples

from .servers import (
    Behaviour,
    Exchange,
    Flood,
    answering,
    dripping,
    ending,
    hanging,
    response,
    serving,
)

AT = 4_000_000_000.421  # far ahead, so that no answer of it is an old one
DEADLINE = 20.0  # longer than any answer here takes; tests of the deadline have their own


def vector(*series: tuple[dict[str, str], str], **more: object) -> str:
    result = [{"metric": labels, "value": [AT, value]} for labels, value in series]
    data = {"resultType": "vector", "result": result}
    return json.dumps({"status": "success", "data": data, **more})


def query(sources: Sources, behaviour: Behaviour, deadline: float = DEADLINE) -> Samples:
    with serving(behaviour) as server:
        return sources.query(SourceRef(address=server.address), "up", deadline=deadline)


def test_samples_carry_labels_value_and_instant(sources: Sources) -> None:
    samples = query(sources, answering(vector(({"pod": "a"}, "1.5"), ({"pod": "b"}, "0"))))

    assert samples == (Sample({"pod": "a"}, 1.5, AT), Sample({"pod": "b"}, 0.0, AT))


def test_equal_texts_and_instants_of_an_answer_are_held_once(sources: Sources) -> None:
    pods = ({"namespace": "a shop", "pod": "a"}, {"namespace": "a shop", "pod": "b"})
    one, other = query(sources, answering(vector(*((pod, "1") for pod in pods))))

    assert one.labels["namespace"] is other.labels["namespace"]
    assert one.at is other.at


def test_an_empty_vector_is_an_answer(sources: Sources) -> None:
    assert query(sources, answering(vector())) == ()


def test_an_answer_that_a_cache_kept_is_refused(sources: Sources) -> None:
    old = vector(({"pod": "a"}, "1")).replace(str(AT), "1700000000")

    with pytest.raises(errors.SourceAnswerUnusable, match="a cache kept the answer"):
        query(sources, answering(old))


def test_infos_do_not_spoil_an_answer(sources: Sources) -> None:
    body = vector(({}, "1"), infos=["PromQL info: metric might not be a counter"], warnings=[])

    assert query(sources, answering(body)) == (Sample({}, 1.0, AT),)


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf", "-3", "1e-320", f"{1.7e308:f}"])
def test_values_pass_as_they_are_sent(sources: Sources, text: str) -> None:
    (sample,) = query(sources, answering(vector(({}, text))))

    assert sample.value == float(text) or (math.isnan(sample.value) and text == "NaN")


def test_of_duplicate_keys_the_last_counts(sources: Sources) -> None:
    body = vector(({"pod": "b"}, "1")).replace('"pod"', '"pod": "a", "pod"')

    assert query(sources, answering(body)) == (Sample({"pod": "b"}, 1.0, AT),)


def test_the_body_decides_not_its_content_type(sources: Sources) -> None:
    assert query(sources, answering(vector(), headers="Content-Type: text/html\r\n")) == ()


def test_the_question_carries_deadline_and_age_limit_and_no_secrets(sources: Sources) -> None:
    with serving(answering(vector())) as server:
        ref = SourceRef(address=f"{server.address}/prefix")
        sources.query(ref, 'rate(a{b="c d"}[5m])', deadline=2.5)

    request, *headers = server.requests[0].splitlines()
    method, target, _ = request.split(" ")
    assert method == "GET"
    assert urlsplit(target).path == "/prefix/api/v1/query"
    assert parse_qs(urlsplit(target).query) == {
        "query": ['rate(a{b="c d"}[5m])'],
        "timeout": ["2.500"],
        "lookback_delta": ["75.000"],
    }
    assert f"Host: {server.address}" in headers
    assert any(header.startswith("User-Agent: kubervisor/") for header in headers)
    assert not any(header.startswith(("Authorization", "Cookie")) for header in headers)


def test_the_environment_adds_no_proxy_and_no_credentials(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(answering(vector(), headers="Set-Cookie: a=b\r\n")) as server:
        for _ in range(2):
            sources.query(SourceRef(address=server.address), "up", deadline=DEADLINE)

    assert len(server.requests) == 2
    assert not re.search("authorization|cookie", "".join(server.requests), re.IGNORECASE)


def error(kind: str, text: str) -> str:
    return json.dumps({"status": "error", "errorType": kind, "error": text})


def data(kind: object, result: object) -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}})


UNUSABLE = errors.SourceAnswerUnusable
REJECTED = errors.SourceRejected
UNAVAILABLE = errors.SourceUnavailable


@pytest.mark.parametrize(
    ("behaviour", "expected", "says"),
    [
        pytest.param(
            answering(data("scalar", [AT, "1"])),
            UNUSABLE,
            "answered a scalar; the query must give an instant vector",
            id="a scalar",
        ),
        pytest.param(answering(data("string", [AT, "x"])), UNUSABLE, "a string;", id="a string"),
        pytest.param(answering(data("matrix", [])), UNUSABLE, "a matrix;", id="a matrix"),
        pytest.param(answering(data(7, [])), UNUSABLE, "resultType", id="a type that is no text"),
        pytest.param(
            answering(vector(({}, "1"), warnings=["store gateway 2 is down"])),
            UNUSABLE,
            "may be partial: store gateway 2 is down",
            id="warnings: a partial answer",
        ),
        pytest.param(
            answering(data("vector", [{"metric": {}, "histogram": [AT, {}]}])),
            UNUSABLE,
            "native histogram",
            id="a native histogram",
        ),
        pytest.param(answering(vector(({}, "many"))), UNUSABLE, "not a number", id="a word"),
        pytest.param(answering(vector(({}, "9" * 500))), UNUSABLE, "not a number", id="500 digits"),
        pytest.param(
            answering(vector(({}, "1")).replace(str(AT), "1e999")),
            UNUSABLE,
            "range",
            id="no instant",
        ),
        pytest.param(answering('{"status": "success"}'), UNUSABLE, "without data", id="no data"),
        pytest.param(answering(""), UNUSABLE, "Prometheus", id="an empty body"),
        pytest.param(answering("{}"), UNUSABLE, "status", id="an empty object"),
        pytest.param(answering("null"), UNUSABLE, "Prometheus", id="null"),
        pytest.param(answering("<html>hello</html>"), UNUSABLE, "Prometheus", id="HTML"),
        pytest.param(answering(vector()[:-5]), UNUSABLE, "Prometheus", id="truncated JSON"),
        pytest.param(answering(b'{"status": "\xff"}'), UNUSABLE, "Prometheus", id="no UTF-8"),
        pytest.param(answering("[" * 100_000), UNUSABLE, "Prometheus", id="100,000 brackets"),
        pytest.param(
            answering('{"status":"success","data":{"resultType":"vector","x":' + "[" * 100_000),
            UNUSABLE,
            "Prometheus",
            id="100,000 brackets in a field that is not read",
        ),
        pytest.param(
            answering(vector(({}, "1")) + "," * 600_000),
            UNUSABLE,
            "too many series",
            id="many tiny values",
        ),
        pytest.param(answering(status="204 No Content"), UNUSABLE, "HTTP 204", id="no content"),
        pytest.param(
            answering(status="302 Found", headers="Location: http://169.254.169.254/\r\n"),
            UNUSABLE,
            "redirect (302)",
            id="a redirect to the metadata service",
        ),
        pytest.param(
            answering(status="301 Moved", headers="Location: http://[\r\n"),
            UNUSABLE,
            "redirect (301)",
            id="a redirect to nonsense",
        ),
        pytest.param(
            answering(error("bad_data", "parse error"), status="400 Bad Request"),
            REJECTED,
            "HTTP 400: parse error.",
            id="a query with a mistake",
        ),
        pytest.param(
            answering(error("execution", "too many samples")),
            REJECTED,
            "too many samples",
            id="an error with status 200",
        ),
        pytest.param(
            answering("<html>secret</html>", status="404 Not Found"), REJECTED, "404.", id="404"
        ),
        pytest.param(answering(status="401 Unauthorized"), REJECTED, "credentials", id="401"),
        pytest.param(answering(status="429 Too Many Requests"), REJECTED, "429", id="429"),
        pytest.param(
            answering(error("timeout", "query timed out"), status="503 Unavailable"),
            UNAVAILABLE,
            "HTTP 503: query timed out.",
            id="503",
        ),
        pytest.param(answering("oops", status="500 Error"), UNAVAILABLE, "HTTP 500.", id="500"),
        pytest.param(ending(b""), UNAVAILABLE, "cut the connection", id="closed at once"),
        pytest.param(
            ending(response(vector())[:-5]), UNAVAILABLE, "cut the connection", id="cut body"
        ),
        pytest.param(ending(b"SSH-2.0-x\r\n"), UNAVAILABLE, "does not speak HTTP", id="SSH"),
        pytest.param(
            ending(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n"),
            UNAVAILABLE,
            "does not speak HTTP",
            id="two lengths",
        ),
        pytest.param(
            ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            UNAVAILABLE,
            "cut the connection",
            id="no chunk",
        ),
    ],
)
def test_every_other_answer_is_an_error_for_people(
    sources: Sources, behaviour: Behaviour, expected: type[errors.SourceError], says: str
) -> None:
    with pytest.raises(errors.SourceError) as raised:
        query(sources, behaviour)

    assert type(raised.value) is expected
    assert says in str(raised.value)
    assert str(raised.value).startswith("Source 127.0.0.1:")
    assert "secret" not in str(raised.value)


def test_an_error_text_is_one_short_line_without_control_characters(sources: Sources) -> None:
    hostile = "a\x1b[31m\r\nb\u202e" + "c" * 10_000
    with pytest.raises(errors.SourceRejected) as raised:
        query(sources, answering(error("bad_data", hostile), status="400 Bad Request"))

    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


def test_nobody_listens(sources: Sources) -> None:
    with serving(hanging) as server:
        address = server.address

    with pytest.raises(errors.SourceUnavailable, match="refused"):
        sources.query(SourceRef(address=address), "up", deadline=DEADLINE)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hanging, id="never a byte"),
        pytest.param(dripping(b"", b"H"), id="drips the status line"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), id="drips headers"),
        pytest.param(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="drips 100 Continue"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" "), id="drips the body"),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            id="drips chunks",
        ),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
            id="drips the length of a chunk",
        ),
    ],
)
def test_the_deadline_is_for_the_whole_answer(sources: Sources, behaviour: Behaviour) -> None:
    with pytest.raises(errors.SourceTimeout, match=r"no complete answer within 0\.3 s"):
        query(sources, behaviour, deadline=0.3)


def test_no_time_left_is_a_timeout(sources: Sources) -> None:
    with pytest.raises(errors.SourceTimeout):
        sources.query(SourceRef(address="127.0.0.1:1"), "up", deadline=0)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536, id="a body without end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", b" " * 65536, id="100 MiB"
        ),
        pytest.param(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n", id="chunks without end"),
        pytest.param(CHUNKED, b"0" * 65536, id="a chunk length without end"),
        pytest.param(
            b"",
            b"HTTP/1.1 100 Continue\r\nA: " + b"a" * 60_000 + b"\r\n\r\n",
            id="100 Continue without end",
        ),
    ],
)
def test_a_flood_is_cut_off(sources: Sources, start: bytes, drop: bytes) -> None:
    flood = Flood(start, drop)
    tracemalloc.start()
    try:
        with pytest.raises(errors.SourceError) as raised:
            query(sources, flood, deadline=60)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert isinstance(raised.value, errors.SourceAnswerUnusable | errors.SourceUnavailable)
    assert flood.sent < 48 * 2**20, "32 MiB and what the kernel buffers"
    assert peak < 80 * 2**20, "the body once in pieces and once whole"


def test_a_compressed_answer_is_never_unpacked(sources: Sources) -> None:
    bomb = gzip.compress(b" " * 50 * 2**20)
    tracemalloc.start()
    try:
        with pytest.raises(errors.SourceAnswerUnusable, match="compressed"):
            query(sources, answering(bomb, headers="Content-Encoding: gzip\r\n"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2 * 2**20


def echo(exchange: Exchange) -> None:
    target = exchange.head.split(" ")[1]
    asked = parse_qs(urlsplit(target).query)["query"][0]
    exchange.send(response(vector(({"asked": asked}, "1"))))


def test_many_threads_each_get_their_own_answer_on_few_connections(sources: Sources) -> None:
    with serving(echo) as server:
        ref = SourceRef(address=server.address)

        def ask(number: int) -> str:
            (sample,) = sources.query(ref, f"q{number}", deadline=DEADLINE)
            return sample.labels["asked"]

        with ThreadPoolExecutor(16) as threads:
            assert list(threads.map(ask, range(400))) == [f"q{n}" for n in range(400)]

    assert len(server.requests) == 400
    assert server.connections < 200


def test_a_connection_is_kept_between_queries(sources: Sources) -> None:
    with serving(answering(vector())) as server:
        for _ in range(5):
            sources.query(SourceRef(address=server.address), "up", deadline=DEADLINE)

        assert server.connections == 1


def test_a_source_that_hangs_once_answers_the_next_query(sources: Sources) -> None:
    def first_hangs(exchange: Exchange) -> None:
        if len(server.requests) == 1:
            exchange.ended.wait()
        else:
            exchange.send(response(vector()))

    with serving(first_hangs) as server:
        ref = SourceRef(address=server.address)
        with pytest.raises(errors.SourceTimeout):
            sources.query(ref, "up", deadline=0.2)

        assert sources.query(ref, "up", deadline=DEADLINE) == ()
