"""A loopback HTTP server whose answer a test exchanges while it runs, hostile answers included."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

MEBIBYTE = 2**20


class Exchange:
    """One request, and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        self._handler, self.closing = handler, closing
        self.target = handler.path
        length = int(handler.headers.get("Content-Length") or 0)
        self.body = handler.rfile.read(length)

    def head(self, status: int, **headers: str) -> None:
        """Send the status line and the headers; `_` in a name stands for a dash."""
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def write(self, part: bytes) -> None:
        """Send a part of the body at once. OSError when the client is gone."""
        self._handler.wfile.write(part)
        self._handler.wfile.flush()


Answer = Callable[[Exchange], None]
"""What a server does with one request."""


class ScriptedServer:
    """Answers every request with `answer`, which may be set at any time, until closed."""

    def __init__(self, answer: Answer, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._requests: list[str] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        """Host and port."""
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def requests(self) -> tuple[str, ...]:
        """Path and query of each request received so far."""
        with self._changed:
            return tuple(self._requests)

    def wait_requests(self, count: int, timeout: float) -> None:
        """Return once `count` requests came in all. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout):
                came = len(self._requests)
                raise TimeoutError(f"{came} of {count} requests came in {timeout} s")

    def close(self) -> None:
        """End, with all answers that hang or drip."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        exchange = Exchange(handler, self._closing)
        with self._changed:
            self._requests.append(exchange.target)
            self._changed.notify_all()
        try:
            self.answer(exchange)
        except OSError:
            # The client gave up, as it should with a hostile answer.
            handler.close_connection = True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        serve = self._serve

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                serve(self)

            def do_POST(self) -> None:
                serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Bursts of a fleet's detectors would otherwise be refused.
    request_queue_size = 128


def says(body: bytes | str, *, status: int = 200, media_type: str = "application/json") -> Answer:
    """A complete answer."""
    content = body.encode() if isinstance(body, str) else body

    def answer(exchange: Exchange) -> None:
        exchange.head(status, Content_Type=media_type, Content_Length=str(len(content)))
        exchange.write(content)

    return answer


def html() -> Answer:
    """200 with a page for people, as a proxy's login form."""
    return says("<html><body>Please log in</body></html>", media_type="text/html")


def fails(status: int) -> Answer:
    """An error of that status, with a body that says nothing."""
    return says("no", status=status, media_type="text/plain")


def redirects(url: str) -> Answer:
    """302 to another address."""

    def answer(exchange: Exchange) -> None:
        exchange.head(302, Location=url, Content_Length="0")

    return answer


def hangs(exchange: Exchange) -> None:
    """No answer, until the server is closed."""
    exchange.closing.wait()


def drips(exchange: Exchange) -> None:
    """An answer that never completes: one byte each 50 ms, so that no read times out."""
    exchange.head(200, Content_Type="application/json", Content_Length=str(MEBIBYTE))
    while not exchange.closing.wait(0.05):
        exchange.write(b" ")


def huge(size: int = 100 * MEBIBYTE, *, declared: bool = True) -> Answer:
    """A JSON string of `size` bytes, with its length announced or ended by the connection's end."""

    def answer(exchange: Exchange) -> None:
        length = {"Content_Length": str(size + 2)} if declared else {}
        exchange.head(200, Content_Type="application/json", **length)
        exchange.write(b'"')
        for _ in range(size // MEBIBYTE):
            exchange.write(b"a" * MEBIBYTE)
        exchange.write(b"a" * (size % MEBIBYTE) + b'"')

    return answer


def compressed_bomb(size: int = 100 * MEBIBYTE) -> Answer:
    """A small gzip body that is `size` bytes when unpacked."""
    packed = gzip.compress(b'"' + b"a" * size + b'"')

    def answer(exchange: Exchange) -> None:
        length = str(len(packed))
        exchange.head(
            200, Content_Type="application/json", Content_Encoding="gzip", Content_Length=length
        )
        exchange.write(packed)

    return answer


def nested(depth: int = 100_000) -> Answer:
    """JSON arrays within arrays: naive parsers run out of stack."""
    return says(b"[" * depth + b"]" * depth)


def as_json(content: object) -> Answer:
    """A complete answer with this JSON content; NaN and Infinity are written as Python does."""
    return says(json.dumps(content))


@contextmanager
def refused_address() -> Iterator[str]:
    """A host and port that refuses connections, for as long as the context lasts."""
    with socket.socket() as bound:
        # Bound and not listening: nobody else gets the port, every connection is refused.
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
