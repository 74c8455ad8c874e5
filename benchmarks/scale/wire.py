"""As much of HTTP/1.1 as a stub needs, for next to nothing: http.server costs 200 µs a request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

REASONS = {200: "OK", 201: "Created", 404: "Not Found", 409: "Conflict", 422: "Unprocessable"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `body` is empty where it has none."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of JSON."""

    body: bytes
    status: int = 200


@dataclass(frozen=True, slots=True)
class Watch:
    """An answer that goes on: `follow` gets the connection, whose head is sent, and keeps it until
    the client ends it.
    """

    follow: Callable[[socket.socket], None]


Handler = Callable[[Request], Answer | Watch]


def serve(listener: socket.socket, handle: Handler) -> None:
    """Answer every connection on a thread of its own, for ever."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_converse, args=(connection, handle), daemon=True).start()


def send_chunk(connection: socket.socket, chunk: bytes) -> None:
    """Send a part of an answer that goes on. Raises OSError where the client has gone."""
    connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))


def _converse(connection: socket.socket, handle: Handler) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as reader, suppress(OSError):
        while request := _read(reader):
            answer = handle(request)
            if isinstance(answer, Watch):
                connection.sendall(_head(200, "Transfer-Encoding: chunked"))
                answer.follow(connection)
                return
            length = f"Content-Length: {len(answer.body)}"
            connection.sendall(_head(answer.status, length) + answer.body)


def _head(status: int, length: str) -> bytes:
    return (
        f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    ).encode()


def _read(reader: BinaryIO) -> Request | None:
    """The next request; None at the end of the connection."""
    start = reader.readline().decode()
    if not start:
        return None
    method, target, _ = start.split(" ")
    length = 0
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), reader.read(length))
