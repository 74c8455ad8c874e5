"""What browsers do with a dashboard: they ask, and read streams."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

WITHIN = 30.0
"""Seconds that anything may take; nothing should, and no test waits for it to pass."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks the dashboard at host:port."""

    def __init__(self, address: str) -> None:
        self.address = address

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=WITHIN)

    def dial(self) -> socket.socket:
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), WITHIN)

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: Any
    ) -> Answer:
        """The answer to one request on a connection of its own."""
        connection = self.connect()
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, got, answer.read())
        finally:
            connection.close()

    @contextmanager
    def stream(self, path: str) -> Iterator[Stream]:
        connection = self.connect()
        try:
            connection.request("GET", path)
            yield Stream(connection.getresponse())
        finally:
            connection.close()


class Stream:
    """The events of a stream, one after the other."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer
        self.status = answer.status

    def next(self) -> tuple[str, Any]:
        """Event and data; raises EOFError where the stream ended."""
        event = ""
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "event":
                event = value
            elif name == "data":
                return event, json.loads(value)
        raise EOFError

    def until(self, event: str) -> Any:
        """The data of the next such event."""
        while True:
            found, data = self.next()
            if found == event:
                return data

    def drain(self) -> None:
        """Read to the end, however it comes."""
        with suppress(OSError, http.client.HTTPException):
            self.answer.read()
