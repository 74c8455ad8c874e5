"""Serves the dashboard, whose streams end with it."""

from __future__ import annotations

import asyncio
import socket

from kubervisor.telemetry.logs import Log
from kubervisor.ui.site import make_site
from kubervisor.ui.site_server import SiteServer
from kubervisor.ui.streams import Streams
from kubervisor.ui.view import View

LAST_SECONDS = 1
"""How long answers under way may take when it ends."""


class Serving(SiteServer):
    """The dashboard's server."""

    def __init__(self, view: View, hosts: frozenset[str], log: Log) -> None:
        self._streams = Streams(view, log)
        super().__init__(make_site(view, self._streams, hosts, log), last_seconds=LAST_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn's loop: streams would else be answers that never end."""
        self._streams.close()
        await asyncio.sleep(0)
        await super().shutdown(sockets)
