"""Serves the repository: many connections, none of which may hold on to much for long."""

from __future__ import annotations

from typing import ClassVar

from starlette.types import ASGIApp

from kubervisor.ui.connection import Connection
from kubervisor.ui.site_server import SiteServer

CONNECTIONS = 1000
"""All pods of a stage may begin at the same moment; each wants one."""
LAST_SECONDS = 5
"""How long answers under way may take when it ends: what is cut off is resumed elsewhere."""


class _Connection(Connection):
    most: ClassVar[int] = CONNECTIONS


class Serving(SiteServer):
    """The repository's server."""

    def __init__(self, site: ASGIApp) -> None:
        super().__init__(site, connection=_Connection, last_seconds=LAST_SECONDS)
