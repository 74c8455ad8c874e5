"""Connections to the dashboard: how many, and how long one may say nothing."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, ClassVar

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from kubervisor.ui.headers import SECURITY

CONNECTIONS = 100
SILENT_SECONDS = 15.0
"""Seconds within which a request must come whole, and after an answer the next one."""
STALLED_SECONDS = 30.0
"""Seconds for which a client may leave unread what it asked for."""
MOST_HEADER_BYTES = 8192
UNREAD_BYTES = 256 * 1024
"""So much the system keeps for a client that does not read; by itself it would be megabytes."""
_AT_ONCE = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """A connection that ends by itself where its client asks for nothing. An application finds
    `abort` in its scope's state: it ends the connection at once, with what was not read yet. Of
    one class at most `most` are open.
    """

    most: ClassVar[int] = CONNECTIONS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._silence: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are enough."""
        self._refused = len(self.connections) >= self.most
        if self._refused:
            transport.write(_refusal(503, "Service Unavailable", "There are too many connections"))
            transport.close()
            return
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)
        super().connection_made(transport)
        self.app_state = {**self.app_state, "abort": self.cut}
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Go on with what came. A request that is whole ends the wait, a byte of one does not."""
        if self._refused:
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_request()
        else:
            self._await_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._await_nothing()
        if self._stall is not None:
            self._stall.cancel()
        if not self._refused:
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads too slowly, or not at all."""
        super().pause_writing()
        self._stall = self.loop.call_later(STALLED_SECONDS, self.cut)

    def resume_writing(self) -> None:
        """It has read."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def cut(self) -> None:
        """End the connection with a reset: the system would else keep what was not read."""
        raw: socket.socket = self.transport.get_extra_info("socket")
        with suppress(OSError):  # it is closed already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or has too much in its header."""
        why = f"{msg} Its header may have {MOST_HEADER_BYTES} bytes."
        self.transport.write(_refusal(400, "Bad Request", why))
        self.transport.close()

    def _await_request(self) -> None:
        if self._silence is None:
            self._silence = self.loop.call_later(SILENT_SECONDS, self.cut)

    def _await_nothing(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None


def _refusal(status: int, phrase: str, why: str) -> bytes:
    body = f"{why}\n".encode()
    headers = {
        **SECURITY,
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
