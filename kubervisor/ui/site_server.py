"""Serves a site on one thread: uvicorn, with limits of our own."""

from __future__ import annotations

import socket

import uvicorn
from starlette.types import ASGIApp

from kubervisor.ui.connection import MOST_HEADER_BYTES, SILENT_SECONDS, Connection
from kubervisor.ui.headers import SECURITY


class SiteServer(uvicorn.Server):
    """`run` with a listening socket answers until `stop`, which any thread may call; answers under
    way may then take `last_seconds`.
    """

    def __init__(
        self, site: ASGIApp, *, connection: type[Connection] = Connection, last_seconds: int
    ) -> None:
        super().__init__(
            uvicorn.Config(
                site,
                http=connection,
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
                timeout_graceful_shutdown=last_seconds,
            )
        )

    def run(self, listening: socket.socket) -> None:  # type: ignore[override]
        """Answer on `listening` until stopped; closes it."""
        super().run(sockets=[listening])

    def stop(self) -> None:
        """End soon."""
        self.should_exit = True
