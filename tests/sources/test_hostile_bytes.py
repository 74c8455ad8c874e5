"""Whatever comes in, only errors of ours go out."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3 import Timeout

from kubervisor.errors import SourceError
from kubervisor.sources.address_rules import AddressRules
from kubervisor.sources.answers import read_matrix
from kubervisor.sources.custom import read_pod_list
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import SourceSession, excerpt
from kubervisor.sources.lookups import Lookups
from kubervisor.sources.vectors import read_vector

from .servers import ending, serving

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the right keys, some of them missing, and right or wrong values."""
    return st.fixed_dictionaries({}, optional={k: v | anything for k, v in fields.items()})


points = st.tuples(st.floats(), st.text() | st.floats().map(str))
series = shaped(metric=st.dictionaries(st.text(), st.text()), value=points, values=st.lists(points))
vectors = shaped(
    status=st.sampled_from(["success", "error"]),
    data=shaped(
        resultType=st.sampled_from(["vector", "matrix", "scalar"]), result=st.lists(series)
    ),
    error=st.text(),
    warnings=st.lists(st.text()),
)
pod_lists = shaped(
    kind=st.sampled_from(["PodList", "Pod"]),
    apiVersion=st.just("v1"),
    items=st.lists(shaped(metadata=shaped(name=st.text(), namespace=st.text(), uid=st.text()))),
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


@settings(deadline=None)
@given(st.binary() | (anything | vectors).map(encoded))
def test_no_vector_breaks_the_reader(body: bytes) -> None:
    with suppress(SourceError):
        for sample in read_vector("Source x", [body], "pod", max_commas=1000):
            assert isinstance(sample.value, float)


@settings(deadline=None)
@given(st.binary() | (anything | vectors).map(encoded))
def test_no_matrix_breaks_the_reader(body: bytes) -> None:
    with suppress(SourceError):
        for one in read_matrix("Source x", [body], max_commas=1000):
            assert len(one.times) == len(one.values) > 0
            assert list(one.times) == sorted(one.times)
            assert all(isinstance(value, float) for value in one.values)


@settings(deadline=None)
@given(st.binary() | (anything | pod_lists).map(encoded))
def test_no_pod_list_breaks_the_reader(body: bytes) -> None:
    with suppress(SourceError):
        for pod in read_pod_list("Source x", body):
            assert isinstance(pod.name, str)


header = st.tuples(
    st.sampled_from(
        ["Content-Length", "Transfer-Encoding", "Content-Encoding", "Location", "Set-Cookie"]
    )
    | st.text(),
    st.sampled_from(["chunked", "gzip", "-1", "5", "http://[", "a=b; domain=.x"]) | st.text(),
).map(lambda pair: f"{pair[0]}: {pair[1]}\r\n".encode())
answers = st.builds(
    lambda status, headers, body: (
        b"HTTP/1.1 %d x\r\n" % status + b"".join(headers) + b"\r\n" + body
    ),
    st.integers(0, 999),
    st.lists(header, max_size=4),
    st.binary(),
)


@settings(deadline=None)
@given(st.binary() | answers)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
@example(b"HTTP/1.1 301 x\r\nLocation: http://[\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n")
def test_no_bytes_break_the_session(data: bytes) -> None:
    total: Any = Timeout(total=20)
    with serving(ending(data)) as server:
        url = f"http://{server.address}/"
        dial = Dial("Source x", server.host, server.port, Lookups(), lambda _: None)
        with SourceSession(url, dial, 65536) as session, suppress(SourceError):
            response = session.get(url, timeout=total)
            assert isinstance(response.content, bytes)


@settings(deadline=None)
@given(st.text() | st.from_regex(r"[a-z0-9.]+(:[0-9]+)?(/.*)?", fullmatch=True))
def test_no_address_breaks_the_rules(address: str) -> None:
    with suppress(SourceError):
        route = AddressRules(["*.svc", "*.svc.*"]).admit(address)
        assert ".svc" in route.lookup
        assert route.url.isprintable()


@settings(deadline=None)
@given(st.text(), st.integers(1, 50))
def test_an_excerpt_is_one_short_printable_line(text: str, limit: int) -> None:
    line = excerpt(text, limit)

    assert line.isprintable()
    assert len(line) <= limit
