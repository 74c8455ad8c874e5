"""Connections that are kept: which one is used again, and which one never."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from kubernetes.client.configuration import Configuration

from kubervisor.errors import ApiError, ApiUnavailable
from kubervisor.kube.client import Api

WITHIN = 20.0


class _Answers(BaseHTTPRequestHandler):
    """Says `{}` in the way that the path asks for; connections are told apart by their port."""

    protocol_version = "HTTP/1.1"
    ports: ClassVar[list[int]] = []
    targets: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.ports.append(self.client_address[1])
        self.targets.append(self.path)
        self.send_response(404 if self.path == "/missing" else 200)
        match self.path:
            case "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
                body = b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
            case "/cut":
                self.send_header("Content-Length", "9")
                self.close_connection, body = True, b"{}"
            case "/last":
                self.send_header("Content-Length", "2")
                self.send_header("Connection", "close")
                body = b"{}"
            case _:
                # After a whole answer, without a word, as a server does that is restarted.
                self.close_connection = self.path == "/ends"
                self.send_header("Content-Length", "2")
                body = b"{}"
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Listening(ThreadingHTTPServer):
    """Tells of each connection that it has ended."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.ended = threading.Semaphore(0)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.ended.release()


class Server:
    """Where it is, the ports that its clients came from, and the connections that it has ended."""

    def __init__(self, listening: _Listening) -> None:
        self.address = _address(listening)
        self.ended = listening.ended
        self.ports, self.targets = _Answers.ports, _Answers.targets

    def api(self, address: str = "") -> Api:
        return Api(Configuration(host=address or self.address), namespace="a", user_agent="t")


@pytest.fixture
def server() -> Iterator[Server]:
    _Answers.ports.clear()
    _Answers.targets.clear()
    with _serving() as listening:
        yield Server(listening)


def _address(listening: _Listening) -> str:
    return f"http://127.0.0.1:{listening.server_port}"


@contextmanager
def _serving() -> Iterator[_Listening]:
    with _Listening() as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("first", ["/", "/chunked"])
def test_after_a_whole_answer_a_connection_is_used_again(server: Server, first: str) -> None:
    api = server.api()
    assert [api.request("GET", path) for path in (first, "/", first)] == [b"{}"] * 3
    assert len(set(server.ports)) == 1
    api.close()


def test_after_an_error_too(server: Server) -> None:
    api = server.api()
    for path in ("/missing", "/"):
        with pytest.raises(ApiError) if path == "/missing" else nullcontext():
            api.request("GET", path)
    assert len(set(server.ports)) == 1
    api.close()


@pytest.mark.parametrize("first", ["/last", "/ends", "/cut"])
def test_a_connection_that_the_server_has_ended_is_not_used_again(
    server: Server, first: str
) -> None:
    api = server.api()
    with pytest.raises(ApiUnavailable) if first == "/cut" else nullcontext():
        api.request("GET", first)
    assert server.ended.acquire(timeout=WITHIN)
    for _ in range(3):
        assert api.request("GET", "/") == b"{}"
    assert len(set(server.ports)) == 2
    api.close()


def test_whoever_asks_at_once_has_a_connection_to_himself(server: Server) -> None:
    api = server.api()
    with api._connections.ask("GET", "/", payload=None, headers={}, timeout=5) as answer:
        assert api.request("GET", "/") == b"{}"
        assert answer.read1(9) == b"{}"
    assert len(set(server.ports)) == 2
    api.close()


def test_the_path_of_the_server_comes_first(server: Server) -> None:
    server.api(f"{server.address}/clusters/a/").request("GET", "/x")
    assert server.targets == ["/clusters/a/x"]


def test_by_a_proxy_the_client_library_asks(server: Server) -> None:
    configuration = Configuration(host="http://api.example")
    configuration.proxy = server.address
    api = Api(configuration, namespace="a", user_agent="t")
    assert [api.request("GET", path) for path in ("/", "/chunked")] == [b"{}"] * 2
    assert server.targets == ["http://api.example/", "http://api.example/chunked"]
    api.close()


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:80", "http://a:port"])
def test_what_is_no_address_is_an_error_that_says_so(server: Server, address: str) -> None:
    with pytest.raises(ApiError, match="check the server address"):
        server.api(address).request("GET", "/")
