"""Serves the site on one thread: uvicorn, with limits of our own."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from kubervisor.telemetry.logs import Log
from kubervisor.ui.connection import MOST_HEADER_BYTES, SILENT_SECONDS, Connection
from kubervisor.ui.headers import SECURITY
from kubervisor.ui.site import make_site
from kubervisor.ui.streams import Streams
from kubervisor.ui.view import View

LAST_SECONDS = 1
"""How long answers under way may take when it ends."""


class Serving(uvicorn.Server):
    """`run` with a listening socket answers until `stop`, which any thread may call."""

    def __init__(self, view: View, hosts: frozenset[str], log: Log) -> None:
        self._streams = Streams(view, log)
        super().__init__(
            uvicorn.Config(
                make_site(view, self._streams, hosts, log),
                http=Connection,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="critical",  # what goes wrong in an answer is logged by the site
                access_log=False,
                proxy_headers=False,
                server_header=False,
                headers=list(SECURITY.items()),
                h11_max_incomplete_event_size=MOST_HEADER_BYTES,
                timeout_keep_alive=int(SILENT_SECONDS),
                timeout_graceful_shutdown=LAST_SECONDS,
            )
        )

    def run(self, listening: socket.socket) -> None:  # type: ignore[override]
        """Answer on `listening` until stopped; closes it."""
        super().run(sockets=[listening])

    def stop(self) -> None:
        """End soon."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn's loop: streams would else be answers that never end."""
        self._streams.close()
        await asyncio.sleep(0)
        await super().shutdown(sockets)
