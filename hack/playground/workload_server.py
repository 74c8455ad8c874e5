"""The workload over HTTP on loopback; `workload_routes` says what it answers.

A plain asyncio protocol on one thread: a few thousand requests a second cost part of one core.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from playground.workload import Workload
from playground.workload_routes import Routes

_MAX_REQUEST = 64 * 1024


class WorkloadServer:
    """Serves a workload on a free port of 127.0.0.1 until closed, on a thread of its own."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self._loop = asyncio.new_event_loop()
        self._connections: set[_Connection] = set()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(self._connect, "127.0.0.1", 0)
        )
        port: int = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        """Host and port, as a scrape target."""
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(target=self._loop.run_forever, name="workload", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Drop all connections and end; nothing listens on return."""
        self._loop.call_soon_threadsafe(self._shut)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connect(self) -> _Connection:
        return _Connection(Routes(self.workload, self.address), self._connections)

    def _shut(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        self._loop.call_soon(self._loop.stop)


class _Connection(asyncio.Protocol):
    """One keep-alive connection. A hanging pod leaves it unanswered until the client closes it."""

    def __init__(self, routes: Routes, open_ones: set[_Connection]) -> None:
        self._routes = routes
        self._open_ones = open_ones
        self._received = b""
        self._hangs = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_ones.discard(self)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while not self._hangs:
            request = self._next_request()
            if request is None:
                return
            answer = self._routes.answer(*request)
            if answer is None:
                self._hangs = True
            elif self._transport is not None:
                self._transport.write(answer.encoded())

    def _next_request(self) -> tuple[str, str, bytes] | None:
        """Method, target and body of the first complete request received; None: wait for more."""
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if len(self._received) > _MAX_REQUEST:
            self.abort()
        if not found:
            return None
        first, _, headers = head.decode("latin-1").partition("\r\n")
        length = _content_length(headers)
        words = first.split(" ")
        if length is None or len(words) != 3:
            self.abort()
            return None
        if len(rest) < length:
            return None
        self._received = rest[length:]
        return words[0], words[1], rest[:length]


def _content_length(headers: str) -> int | None:
    """Bytes of the body; None when they cannot be known."""
    for line in headers.split("\r\n"):
        name, _, value = line.partition(":")
        match name.strip().lower():
            case "content-length":
                return int(value) if value.strip().isdigit() else None
            case "transfer-encoding":
                return None
    return 0
