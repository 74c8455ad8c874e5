"""A stand-in for Prometheus that answers the query of the test's project."""

from __future__ import annotations

from typing import Self
from urllib.parse import parse_qs, urlsplit

from playground.detector_http import Exchange, ScriptedServer, fails
from playground.detector_prometheus import vector


class Loads:
    """Serves until closed; `of` are values by the query. While `is_down` it fails.

    Attributes:
        queries: all that was asked.
    """

    def __init__(self) -> None:
        self.of: dict[str, float] = {}
        self.is_down = False
        self.queries: list[str] = []
        self._server = ScriptedServer(self._answer)
        self.url = self._server.url

    def close(self) -> None:
        """End it."""
        self._server.close()

    def _answer(self, exchange: Exchange) -> None:
        (query,) = parse_qs(urlsplit(exchange.target).query)["query"]
        self.queries.append(query)
        if self.is_down:
            fails(503)(exchange)
            return
        vector([({"pod": "a"}, self.of[query])] if query in self.of else [])(exchange)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
