"""An answer that goes on: line after line, until either side ends it."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress

import urllib3

from kubervisor.kube import failures
from kubervisor.kube.outcomes import EXCEPTIONS

CHUNK_BYTES = 1 << 16
GATHERING = 0.1
"""Seconds for which lines gather once all that came is read. A pod that is replaced is ten events,
a few milliseconds apart: to wake for each takes longer than to read it.
"""


class Stream:
    """The lines of an open answer. `close` may be called by any thread and ends the iteration."""

    def __init__(self, response: urllib3.BaseHTTPResponse, request: str) -> None:
        self._response = response
        self._request = request
        self._lock = threading.Lock()
        self._turned = threading.Condition(self._lock)
        self._gathered = 0
        self._gathers = False
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
                self._turned.notify_all()
            self._response.close()

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks():
            if self._closed:
                return  # what a connection gives while it is being shut down is not to be trusted
            rest += chunk
            begin = 0
            # Found, not split: `split` looks at one byte after the other, of six thousand.
            while (end := rest.find(b"\n", begin)) >= 0:
                if end > begin:
                    yield rest[begin:end]
                begin = end + 1
            rest = rest[begin:]
            self._gather()

    def _chunks(self) -> Iterator[bytes]:
        if getattr(self._response, "chunked", False):
            # As the API server answers: an event, a chunk. It takes half the time of `read1`.
            yield from self._response.read_chunked(CHUNK_BYTES, decode_content=False)
        else:
            while piece := self._response.read1(CHUNK_BYTES):
                yield piece

    def catch_up(self) -> None:
        """Return once the lines that gather by now are taken: at once where none do, and soon where
        they never cease to come.
        """
        with self._lock:
            if self._gathers and not self._is_drained():
                before = self._gathered
                self._turned.notify_all()
                self._turned.wait_for(lambda: self._gathered > before or self._finished, GATHERING)

    def _gather(self) -> None:
        with self._lock:
            if not self._closed and self._is_drained():
                self._gathered += 1
                self._turned.notify_all()
                self._gathers = True
                self._turned.wait(GATHERING)
                self._gathers = False

    def close(self) -> None:
        """End the stream; a thread that waits for its next line comes back at once."""
        with self._lock:
            if self._closed or self._finished:
                return
            self._closed = True
            self._turned.notify_all()
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
        """True where nothing more has come by now, neither to the socket nor to what was read of
        it ahead, which may be several chunks of the answer.
        """
        sock = self._socket()
        # Neither library shows its buffer; where it is not to be found, lines do not gather.
        buffer = getattr(getattr(self._response, "_fp", None), "fp", None)
        if sock is None or not isinstance(buffer, io.BufferedReader):
            return False
        try:
            return not _read_ahead(sock, buffer)
        except (OSError, ValueError):  # broken or closed: the next read tells how
            return False


def _read_ahead(sock: socket.socket, buffer: io.BufferedReader) -> bytes:
    patience = sock.gettimeout()
    sock.settimeout(0)  # an empty buffer would wait for the socket
    try:
        return buffer.peek(1)
    except ssl.SSLWantReadError:
        return b""
    finally:
        sock.settimeout(patience)
