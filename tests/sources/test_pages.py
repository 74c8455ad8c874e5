"""What a pod's metrics page may do to us, and what becomes of it."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.sources.pages import PageRef

from .conftest import OpenSources
from .servers import Behaviour, Flood, answering, dripping, ending, hanging, serving

DEADLINE = 20.0
PAGE = 'up 1\nhttp_requests_total{code="200"} 7\n'


def read(
    sources: Sources, behaviour: Behaviour, deadline: float = DEADLINE
) -> list[tuple[bytes, float]]:
    with serving(behaviour) as server:
        page = PageRef("web-1", "127.0.0.1", server.port, "/metrics")
        return sources.page(page, ["http_requests_total"], deadline=deadline)


def test_the_wanted_series_are_read(sources: Sources) -> None:
    assert read(sources, answering(PAGE)) == [(b'http_requests_total{code="200"}', 7.0)]
    assert read(sources, answering("up 1\n")) == []


def test_the_request_carries_no_secrets_and_asks_for_text(sources: Sources) -> None:
    with serving(answering(PAGE)) as server:
        page = PageRef("web-1", "127.0.0.1", server.port, "/m?a=b")
        for _ in range(3):
            sources.page(page, ["up"], deadline=DEADLINE)

    assert server.connections == 1
    request, *headers = server.requests[0].splitlines()
    assert request == "GET /m?a=b HTTP/1.1"
    assert "Accept: text/plain;version=0.0.4" in headers
    assert f"Host: 127.0.0.1:{server.port}" in headers
    assert not any(header.startswith(("Authorization", "Cookie")) for header in headers)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1", "a loopback address"),
        ("::1", "a loopback address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("0.0.0.0", "a loopback address"),
        ("169.254.169.254", "a link-local"),
        ("fd00:ec2::254", "a metadata service's"),
        ("10.1.2.3", "a node's or the API server's"),
        ("web.shop", "no IP address"),
    ],
)
def test_what_is_no_pods_own_address_is_never_dialled(
    open_sources: OpenSources, address: str, says: str
) -> None:
    sources = open_sources(forbidden_addresses={"10.1.2.3"})

    with pytest.raises(errors.SourceNotAllowed, match=says):
        sources.page(PageRef("web-1", address, 8080, "/metrics"), ["up"], deadline=DEADLINE)


UNUSABLE = errors.SourceAnswerUnusable
UNAVAILABLE = errors.SourceUnavailable


@pytest.mark.parametrize(
    ("behaviour", "expected", "says"),
    [
        pytest.param(
            answering("http_requests_total x"), UNUSABLE, "not a number", id="not the format"
        ),
        pytest.param(
            answering(status="302 Found", headers="Location: http://169.254.169.254/\r\n"),
            UNUSABLE,
            "redirect (302)",
            id="a redirect",
        ),
        pytest.param(
            answering(gzip.compress(b" " * 9**7), headers="Content-Encoding: gzip\r\n"),
            UNUSABLE,
            "compressed",
            id="compressed",
        ),
        pytest.param(answering(status="404 Not Found"), errors.SourceRejected, "404", id="404"),
        pytest.param(answering(status="503 Busy"), UNAVAILABLE, "HTTP 503", id="503"),
        pytest.param(ending(b""), UNAVAILABLE, "cut the connection", id="closed at once"),
        pytest.param(ending(b"SSH-2.0-x\r\n"), UNAVAILABLE, "not speak HTTP", id="SSH"),
        pytest.param(
            Flood(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65536), UNUSABLE, "more than 4 MiB", id="flood"
        ),
    ],
)
def test_every_other_page_is_an_error_for_people(
    sources: Sources, behaviour: Behaviour, expected: type[errors.SourceError], says: str
) -> None:
    with pytest.raises(expected) as raised:
        read(sources, behaviour)

    assert says in str(raised.value)
    assert str(raised.value).startswith("The metrics page of pod web-1 (127.0.0.1:")


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hanging, id="never a byte"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), id="drips headers"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"\n"), id="drips the page"),
    ],
)
def test_the_deadline_is_for_the_whole_page(sources: Sources, behaviour: Behaviour) -> None:
    with pytest.raises(errors.SourceTimeout, match=r"not complete within 0\.\d+ s"):
        read(sources, behaviour, deadline=0.3)


def test_nobody_listens(sources: Sources) -> None:
    with serving(hanging) as server:
        port = server.port

    page = PageRef("web-1", "127.0.0.1", port, "/metrics")
    with pytest.raises(errors.SourceUnavailable, match="refused"):
        sources.page(page, ["up"], deadline=DEADLINE)


def test_a_proxy_is_asked_for_the_pods_own_address(open_sources: OpenSources) -> None:
    with serving(answering(PAGE)) as proxy:
        sources = open_sources(scrape_proxy=proxy.address)
        for address in ("10.244.0.7", "fd12::7"):
            page = PageRef("web-1", address, 8080, "/metrics")
            assert sources.page(page, ["up"], deadline=DEADLINE) == [(b"up", 1.0)]
        with pytest.raises(errors.SourceNotAllowed):
            sources.page(PageRef("x", "127.0.0.1", 1, "/"), ["up"], deadline=DEADLINE)

    first, second = (head.splitlines()[:2] for head in proxy.requests)
    assert first == ["GET http://10.244.0.7:8080/metrics HTTP/1.1", "Host: 10.244.0.7:8080"]
    assert second[0] == "GET http://[fd12::7]:8080/metrics HTTP/1.1"


def test_many_pods_are_read_at_once(sources: Sources) -> None:
    with serving(answering(PAGE)) as server, ThreadPoolExecutor(16) as threads:

        def one(number: int) -> int:
            page = PageRef(f"web-{number}", "127.0.0.1", server.port, "/metrics")
            return len(sources.page(page, ["up"], deadline=DEADLINE))

        assert sum(threads.map(one, range(200))) == 200
