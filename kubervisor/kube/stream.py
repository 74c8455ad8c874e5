"""An answer that goes on: line after line, until either side ends it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import urllib3

from kubervisor.kube import failures
from kubervisor.kube.outcomes import EXCEPTIONS

CHUNK_BYTES = 1 << 16
GATHERING = 0.05
"""Seconds for which lines gather once all that came is read. A pod that is replaced is ten events,
a few milliseconds apart: to wake for each takes longer than to read it.
"""


class Stream:
    """The lines of an open answer. `close` may be called by any thread and ends the iteration."""

    def __init__(self, response: urllib3.BaseHTTPResponse, request: str) -> None:
        self._response = response
        self._request = request
        self._lock = threading.Lock()
        self._closed = False
        self._finished = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield complete lines; a last line without its end was cut off and is dropped.

        Raises: ApiUnavailable where the connection breaks or stays silent for too long.
        """
        try:
            yield from self._lines()
        except EXCEPTIONS as error:
            if not self._closed:
                raise failures.from_exception(self._request, error) from error
        finally:
            with self._lock:
                self._finished = True
            self._response.close()

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        while chunk := self._response.read1(CHUNK_BYTES):
            if self._closed:
                return  # what a connection gives while it is being shut down is not to be trusted
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(None, lines)
            if self._is_drained():
                time.sleep(GATHERING)

    def close(self) -> None:
        """End the stream; a thread that waits for its next line comes back at once."""
        with self._lock:
            if self._closed or self._finished:
                return
            self._closed = True
            sock = self._socket()
            if sock is not None:
                # Closing a descriptor does not wake a thread that reads from it; a shutdown does.
                # The plain one: a TLS socket's own drops the encryption under the reader, who then
                # takes what is on the wire for the answer.
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _socket(self) -> socket.socket | None:
        connection = getattr(self._response, "connection", None)
        sock = getattr(connection, "sock", None)
        return sock if isinstance(sock, socket.socket) else None

    def _is_drained(self) -> bool:
        """True where nothing more has come by now."""
        sock = self._socket()
        if sock is None or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            return False
        arrived = select.poll()
        try:
            arrived.register(sock, select.POLLIN)
        except ValueError:  # closed meanwhile
            return False
        return not arrived.poll(0)
