"""Connections that bound each answer as it comes off the wire: in total time and in total bytes.

The time-outs of sockets and HTTP clients count from the last byte, so a server that sends one byte
a second holds a thread for ever; and a cap on the body says nothing of endless headers. Here both
limits sit below the HTTP parser and hold for everything it reads.
"""

from __future__ import annotations

import io
import socket
import time
from functools import partial
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from kubervisor.sources.dial import Dial

# Connections kept to one source; more may be open at once, they close after use.
_KEPT = 8


class AnswerTooLarge(Exception):
    """More bytes than allowed came in before the answer was complete."""


class _Bounded(io.RawIOBase):
    """Reads one answer from a socket, whose time-out at the start is the time for all of it.

    What the reader does between two reads is not the source's time: it has as much again for that.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, max_bytes: int) -> None:
        self._sock = sock
        self._raw = raw
        self._left = max_bytes
        self._seconds = sock.gettimeout() or 0.0
        self._end = time.monotonic() + 2 * self._seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        left = min(self._seconds, self._end - began)
        if left <= 0:
            raise TimeoutError("the answer is not complete in time")
        self._sock.settimeout(left)
        count = cast("int | None", self._raw.readinto(buffer))
        self._seconds -= time.monotonic() - began
        self._left -= count or 0
        if self._left < 0:
            raise AnswerTooLarge
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Bounded(sock, self.fp.detach(), max_bytes))

    def begin(self) -> None:
        """Read the head. urllib3 finds lengths that contradict too late to close the connection."""
        super().begin()
        lengths = set(self.headers.get_all("Content-Length", ()))
        if len(lengths) > 1 or not all(length.isdecimal() for length in lengths):
            raise HTTPException("malformed Content-Length")


class _Dialled(HTTPConnection):
    """An HTTP connection that is opened by a Dial, whatever host its URL says."""

    def __init__(self, *args: Any, dial: Dial, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dial = dial
        bounded = partial(_BoundedResponse, max_bytes=max_bytes)
        self.response_class = cast("type[HTTPResponse]", bounded)

    def _new_conn(self) -> socket.socket:
        # The pool sets the time-out before it connects, to what is left of the total.
        return self._dial(cast("float", self.timeout))


class _DialledTls(_Dialled, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Dialled


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DialledTls


def open_pool(scheme: str, host: str, port: int, dial: Dial, max_bytes: int) -> HTTPConnectionPool:
    """Connections to one source. `max_bytes` bounds each answer, its headers included."""
    pool = _TlsPool if scheme == "https" else _Pool
    return pool(host, port, maxsize=_KEPT, block=False, dial=dial, max_bytes=max_bytes)
