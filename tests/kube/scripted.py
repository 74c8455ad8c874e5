"""A plain-socket API server whose every answer the test writes, for what real ones rarely do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from kubernetes.client.configuration import Configuration

from kubervisor.kube.client import Api


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Exchange:
    """One request and the means to answer it, byte by byte if need be."""

    def __init__(self, asked: Asked, connection: socket.socket, ended: threading.Event) -> None:
        self.asked = asked
        self.ended = ended
        self._connection = connection

    def send(self, data: bytes) -> None:
        """Send bytes as they are; a client that has gone is no error."""
        try:
            self._connection.sendall(data)
        except OSError:
            self.ended.set()

    def answer(self, status: int, body: object = None, **headers: str) -> None:
        """Send a whole answer."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [
            f"HTTP/1.1 {status} Said",
            f"Content-Length: {len(payload)}",
            "Connection: close",
        ]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode() + payload)

    def begin_stream(self) -> None:
        """Begin a chunked answer; `chunk` continues it."""
        self.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        """Send one chunk; an empty one ends the stream in good order."""
        self.send(b"%x\r\n%b\r\n" % (len(data), data))

    def event(self, kind: str, obj: object) -> None:
        """Send one watch event."""
        self.chunk(json.dumps({"type": kind, "object": obj}).encode() + b"\n")

    def stay_silent(self) -> None:
        """Say nothing more until the server ends."""
        self.ended.wait()


Script = Callable[[Exchange], None]


class ScriptedServer:
    """Listens on a free port of the loopback; `script` answers each request on its own thread."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.script: Script = lambda exchange: exchange.answer(404, {"message": "no script"})
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def api(self, *, token: str = "") -> Api:
        """Return a door to this server."""
        host = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        configuration = Configuration(host=host)
        if token:
            configuration.api_key["BearerToken"] = f"Bearer {token}"
        return Api(configuration, namespace="default", user_agent="kubervisor-tests")

    def __enter__(self) -> ScriptedServer:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(5)
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """One request per connection: the next one of the client opens another."""
        with connection.makefile("rb") as incoming:
            try:
                asked = _read(incoming)
            except (OSError, ValueError, IndexError):
                return
            self.asked.append(asked)
            self.script(Exchange(asked, connection, self._ended))
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _read(incoming: BufferedReader) -> Asked:
    method, target, _ = incoming.readline().decode().split()
    headers = {}
    while line := incoming.readline().strip().decode():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Asked(method, parts.path, query, headers, body)
