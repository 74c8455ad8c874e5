"""Small servers on loopback that answer byte by byte as a test says: well, badly or never."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Exchange:
    """One request as it came in, and the connection to answer it on."""

    head: str
    connection: socket.socket
    ended: threading.Event

    def send(self, data: bytes) -> bool:
        """Whether the client still takes bytes."""
        try:
            self.connection.sendall(data)
        except OSError:
            return False
        return True


Behaviour = Callable[[Exchange], object]


@dataclass
class Server:
    """A server and what it saw. Connections stay open until one side closes them."""

    behaviour: Behaviour
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    open: list[socket.socket] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, self._secured(connection) as wire:
            self.open.append(wire)  # with TLS another than the one that was accepted
            while head := _read_head(wire):
                self.requests.append(head)
                self.behaviour(Exchange(head, wire, self.ended))

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def close(self) -> None:
        """Every connection ends, whatever its thread waits for."""
        self.ended.set()
        for connection in self.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _read_head(connection: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        try:
            byte = connection.recv(1)
        except OSError:
            return ""
        if not byte:
            return ""
        received += byte
    return received.decode("latin-1")


@contextmanager
def serving(
    behaviour: Behaviour,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """Serve until the block ends; every connection is then closed and every thread has ended."""
    listener = socket.create_server((host, port))
    server = Server(behaviour, host, listener.getsockname()[1], tls)
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            server.open.append(connection)
            thread = threading.Thread(target=server.serve, args=(connection,))
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        server.close()
        for thread in threads:
            thread.join()


def response(body: bytes | str = b"", *, status: str = "200 OK", headers: str = "") -> bytes:
    """A complete HTTP response; `headers` are lines that end with CRLF."""
    payload = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(payload)}\r\n{headers}\r\n"
    return head.encode() + payload


def answering(body: bytes | str = b"", *, status: str = "200 OK", headers: str = "") -> Behaviour:
    """Always the same response."""
    data = response(body, status=status, headers=headers)
    return lambda exchange: exchange.send(data)


def answering_once(body: bytes | str = b"") -> Behaviour:
    """The same response on each connection, which then ends, as the client asked."""
    return ending(response(body, headers="Connection: close\r\n"))


def hanging(exchange: Exchange) -> None:
    """Never a byte."""
    exchange.ended.wait()


def dripping(start: bytes, drop: bytes) -> Behaviour:
    """`start`, and then `drop` again and again, each well within any time-out between two bytes."""

    def behaviour(exchange: Exchange) -> None:
        exchange.send(start)
        while exchange.send(drop) and not exchange.ended.wait(0.02):
            continue

    return behaviour


def ending(data: bytes) -> Behaviour:
    """`data`, and the connection closed."""

    def behaviour(exchange: Exchange) -> None:
        exchange.send(data)
        exchange.connection.shutdown(socket.SHUT_RDWR)

    return behaviour


@dataclass
class Flood:
    """`start`, and then `drop` until 100 MiB are sent; counts what the client took."""

    start: bytes
    drop: bytes
    sent: int = 0

    def __call__(self, exchange: Exchange) -> None:
        exchange.send(self.start)
        while self.sent < 100 * 2**20 and exchange.send(self.drop):
            self.sent += len(self.drop)
