"""The HTTP probe against pods that answer byte by byte as the test says."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Container
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceError,
    SourceNotAllowed,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.probe import MOST_BODY, MOST_HEAD, ProbeClient, ProbeReply
from kubervisor.text import printable
from playground import pki

from .servers import (
    Behaviour,
    Exchange,
    Flood,
    Server,
    answering,
    dripping,
    ending,
    hanging,
    response,
    serving,
)

BUFFERED = 8 * 2**20
"""Bytes that may be on their way between two ends of a connection, read by nobody."""


def ask(
    pod: Server, target: str = "/watchdog", *, tls: bool = False, timeout: float = 30
) -> ProbeReply:
    """The reply of the pod, which has a loopback address."""
    client = ProbeClient(loopback=True)
    return asyncio.run(client.ask(pod.host, pod.port, target, tls=tls, timeout=timeout))


def heard(behaviour: Behaviour, *, timeout: float = 30) -> ProbeReply:
    """The reply of a pod that behaves so."""
    with serving(behaviour) as pod:
        return ask(pod, timeout=timeout)


def test_it_asks_once_for_path_and_query_and_goes() -> None:
    with serving(answering("fine")) as pod:
        assert ask(pod, "/a/b?deep=1") == ProbeReply(200, "", "")
        (asked,) = pod.requests
    line, *headers = asked.lower().splitlines()
    assert line == "get /a/b?deep=1 http/1.1"
    assert f"host: {pod.address}" in headers
    assert "connection: close" in headers
    assert not [header for header in headers if header.startswith(("authorization", "cookie"))]


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "404 Not Found", "500 Oh no"])
def test_the_status_is_what_counts(status: str) -> None:
    assert heard(answering(status=status)).status == int(status[:3])


def test_a_warning_is_in_the_headers() -> None:
    says = "x-watchdog-LEVEL: warning\r\nX-Watchdog-Message: disk at 91 %\r\n"
    assert heard(answering(headers=says)) == ProbeReply(200, "warning", "disk at 91 %")


def test_a_message_is_cut_and_cleaned() -> None:
    said = "Bearer abc.def.ghi \u202ereversed".encode() + b"x" * 5000
    behaviour = ending(b"HTTP/1.1 500 No\r\nX-Watchdog-Message: " + said + b"\r\n\r\n")
    message = heard(behaviour).message
    assert message.startswith("(credentials)  reversedxx")
    assert len(message) == 256


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(answering("", status="302 Found", headers="Location: /other\r\n")) as pod:
        assert ask(pod).status == 302
        assert len(pod.requests) == 1


def test_an_old_server_without_a_length_is_understood() -> None:
    assert heard(ending(b"HTTP/1.0 200 OK\r\n\r\nfine")).status == 200


def test_interim_answers_are_skipped() -> None:
    assert heard(ending(b"HTTP/1.1 103 Early Hints\r\n\r\n" + response())).status == 200


def test_interim_answers_are_not_waited_for_for_ever() -> None:
    with pytest.raises(SourceAnswerUnusable):
        heard(Flood(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"))


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"Content-Length: 1000000000000\r\n\r\n", b"x" * 65536),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9999),
        (b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * MOST_BODY),
        (b"\r\n", b"x" * 65536),
    ],
    ids=["long", "chunked", "endless chunk header", "until the connection ends"],
)
def test_of_an_endless_body_little_is_read(head: bytes, piece: bytes) -> None:
    flood = Flood(b"HTTP/1.1 503 No\r\n" + head, piece)
    assert heard(flood).status == 503
    assert flood.sent < BUFFERED


def test_an_endless_head_is_no_answer() -> None:
    flood = Flood(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"y" * MOST_HEAD + b"\r\n")
    with pytest.raises(SourceAnswerUnusable, match="no HTTP"):
        heard(flood)
    assert flood.sent < BUFFERED


def test_a_body_that_drips_is_not_waited_for_beyond_the_time() -> None:
    slow = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x")
    assert heard(slow, timeout=0.3).status == 200


@pytest.mark.parametrize(
    "slow",
    [hanging, dripping(b"HTTP/1.1 200 OK\r\nX-More: ", b"y")],
    ids=["silence", "a head that drips"],
)
def test_no_answer_in_time_is_told(slow: Behaviour) -> None:
    with pytest.raises(SourceTimeout, match=r"did not answer within 0\.3 s"):
        heard(slow, timeout=0.3)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00" * 100,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01\x02",
        b"HTTP/1.1 200 O",
        b"\xff\xfe" * 50_000,
    ],
    ids=lambda garbage: repr(garbage[:40]),
)
def test_garbage_is_no_answer(garbage: bytes) -> None:
    with pytest.raises((SourceAnswerUnusable, SourceUnavailable)):
        heard(ending(garbage))


def reset_after(data: bytes) -> Behaviour:
    """`data`, and then the connection is reset."""

    def behaviour(exchange: Exchange) -> None:
        exchange.send(data)
        linger = struct.pack("ii", 1, 0)
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        exchange.connection.close()

    return behaviour


def test_a_reset_is_no_answer() -> None:
    with pytest.raises(SourceUnavailable, match="cut the connection"):
        heard(reset_after(b""))


def test_nobody_there_is_told() -> None:
    with serving(hanging) as pod:
        pass
    with pytest.raises(SourceUnavailable, match="refused"):
        ask(pod)


def test_https_does_not_ask_for_whom_a_certificate_is(tmp_path: Path) -> None:
    keys = pki.create(tmp_path / "keys", "10.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(keys.certificate, keys.key)
    with serving(answering("fine"), "127.9.8.7", tls=tls) as pod:
        assert ask(pod, tls=True).status == 200


def test_https_on_a_plain_port_is_told() -> None:
    with (
        serving(ending(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as pod,
        pytest.raises((SourceAnswerUnusable, SourceTimeout)),
    ):
        ask(pod, tls=True, timeout=1)


def refusal(address: str, client: ProbeClient) -> str:
    with pytest.raises(SourceNotAllowed) as refused:
        asyncio.run(client.ask(address, 8080, "/", tls=False, timeout=1))
    return str(refused.value)


NODES: Container[str] = frozenset({"10.9.9.9"})


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "no IP address"),
        ("evil.com", "no IP address"),
        ("2130706433", "no IP address"),
        ("127.1", "no IP address"),
        ("x\n" * 5000, "no IP address"),
        ("127.0.0.1", "loopback"),
        ("127.3.2.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fd00:ec2::254", "metadata"),
        ("fe80::1%eth0", "zone"),
        ("224.0.0.1", "multicast"),
        ("10.9.9.9", "a node's or the API server's"),
    ],
)
def test_what_is_no_address_of_a_pod_is_never_called(address: str, says: str) -> None:
    assert says in refusal(address, ProbeClient(NODES))


@pytest.mark.parametrize("address", ["169.254.169.254", "10.9.9.9", "0.0.0.0", "::"])
def test_the_flag_for_tests_opens_loopback_alone(address: str) -> None:
    assert refusal(address, ProbeClient(NODES, loopback=True))


def test_many_at_once_do_not_mix() -> None:
    def echo(exchange: Exchange) -> None:
        number = exchange.head.split()[1].strip("/")
        exchange.send(response(headers=f"X-Watchdog-Message: {number}\r\n"))

    async def all_at_once(pod: Server) -> list[ProbeReply]:
        client = ProbeClient(loopback=True)
        asked = (
            client.ask(pod.host, pod.port, f"/{number}", tls=False, timeout=30)
            for number in range(64)
        )
        return list(await asyncio.gather(*asked))

    with serving(echo) as pod:
        replies = asyncio.run(all_at_once(pod))
    assert [reply.message for reply in replies] == [str(number) for number in range(64)]


@settings(max_examples=60)
@given(
    st.binary(max_size=300)
    | st.binary(max_size=300).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)
    | st.binary(max_size=300).map(lambda rest: b"HTTP/1.1 200 OK\r\nX-Watchdog-Message: " + rest)
)
def test_whatever_a_pod_sends_is_a_reply_or_an_error_of_ours(said: bytes) -> None:
    try:
        reply = heard(ending(said))
    except SourceError:
        return
    assert reply.message == printable(reply.message)
    assert len(reply.message) <= 256
