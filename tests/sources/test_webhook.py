"""Webhooks are called where the administrator allows it, once per key, and never for long."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubervisor import errors
from kubervisor.sources.webhook import MAX_ANSWER, Webhooks

from .servers import Behaviour, Exchange, Flood, answering, dripping, hanging, response, serving

KEY = "k" * 32
LOCAL = ["127.0.0.1"]


@dataclass
class Taking:
    """Takes what is posted, and answers."""

    answer: bytes = field(default_factory=response)
    bodies: list[Any] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        length = next(
            int(line.partition(":")[2])
            for line in exchange.head.splitlines()
            if line.lower().startswith("content-length")
        )
        body = b""
        while len(body) < length:
            body += exchange.connection.recv(length - len(body))
        self.bodies.append(json.loads(body))
        exchange.send(self.answer)


def call(behaviour: Behaviour, *, timeout: float = 20.0) -> str:
    """What the webhook heard: the head of the request."""
    with serving(behaviour) as server:
        Webhooks(LOCAL, timeout=timeout).call(
            f"http://{server.address}/hook/secret?a=b", {"rule": "full", "values": ["93"]}, KEY
        )
        return server.requests[0]


def test_it_is_told_what_and_under_which_key() -> None:
    taking = Taking()
    request, *headers = call(taking).splitlines()
    assert request == "POST /hook/secret?a=b HTTP/1.1"
    assert f"Idempotency-Key: {KEY}" in headers
    assert "Content-Type: application/json" in headers
    assert not [one for one in headers if one.lower().startswith(("authorization", "cookie"))]
    assert taking.bodies == [{"rule": "full", "values": ["93"]}]


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "204 No Content"])
def test_any_success_will_do(status: str) -> None:
    call(Taking(response(status=status)))


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param(Taking(response(status="500 Oh")), errors.SourceUnavailable, id="it failed"),
        pytest.param(Taking(response(status="404 No")), errors.SourceRejected, id="not there"),
        pytest.param(Taking(response(status="401 No")), errors.SourceRejected, id="credentials"),
        pytest.param(
            Taking(response(status="307 Go", headers="Location: http://127.0.0.1:1/\r\n")),
            errors.SourceAnswerUnusable,
            id="a redirect is not followed",
        ),
        pytest.param(answering("x" * (MAX_ANSWER + 1)), errors.SourceAnswerUnusable, id="too much"),
        pytest.param(
            Flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), errors.SourceError, id="endless headers"
        ),
    ],
)
def test_anything_else_is_a_failure_that_says_nothing_of_the_path(
    behaviour: Behaviour, expected: type[errors.SourceError]
) -> None:
    with pytest.raises(expected) as failed:
        call(behaviour)
    assert "Webhook 127.0.0.1:" in str(failed.value)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    "behaviour", [hanging, dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x")]
)
def test_one_that_is_slow_holds_nobody(behaviour: Behaviour) -> None:
    with pytest.raises(errors.SourceTimeout):
        call(behaviour, timeout=0.2)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://hooks.ops.svc:8443/x", None),
        ("https://hooks.ops.svc:8443/x", None),
        ("http://hooks.ops:8443", None),
        ("https://chat.example.com/services/T0/B0", None),
        ("http://chat.example.com/", "chat.example.com:80 is not allowed"),
        ("http://hooks.ops.svc/x", "hooks.ops.svc:80 is not allowed"),
        ("http://10.0.0.7:8443/x", "10.0.0.7:8443 is not allowed"),
        ("http://[::1]:8443/x", "::1:8443 is not allowed"),
        ("http://user:word@hooks.ops.svc:8443/", "holds credentials"),
        ("ftp://hooks.ops.svc:8443/", "cannot be read"),
        ("http://hooks.ops.svc:99999/", "cannot be read"),
        ("http://hooks.ops.svc:8443/a b", "cannot be read"),
        ("http://hooks.ops.svc:8443/\r\nX: y", "cannot be read"),
        ("http://", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_only_what_the_administrator_allows_is_called(url: str, says: str | None) -> None:
    refusal = Webhooks(["*.svc:8443", "chat.example.com:443"]).refusal(url)
    if says is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert says in refusal
        assert "word" not in refusal


def resolving(address: str) -> Callable[[str], list[str]]:
    return lambda _: [address]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("10.0.0.1", "a node's or the API server's"),
        ("93.184.216.34", "not a private address"),
    ],
)
def test_where_an_allowed_name_leads_is_checked_too(address: str, why: str) -> None:
    webhooks = Webhooks(["*.svc"], forbidden={"10.0.0.1"}, resolve=resolving(address))
    with pytest.raises(errors.SourceNotAllowed, match=why):
        webhooks.call("http://hooks.ops.svc/", {}, KEY)


def test_what_is_not_allowed_is_not_called_whatever_was_checked_before() -> None:
    with serving(answering()) as server:
        with pytest.raises(errors.SourceNotAllowed):
            Webhooks(["*.svc"]).call(f"http://{server.address}/", {}, KEY)
        assert server.connections == 0


def test_a_pattern_that_is_none_is_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="Allow pattern"):
        Webhooks(["http://hooks.ops.svc/"])
