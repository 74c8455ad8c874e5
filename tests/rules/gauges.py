"""A stand-in for Prometheus that answers the one query of a rule: each expression by its text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

from playground.detector_http import Exchange, ScriptedServer, fails
from playground.detector_prometheus import vector

Samples = Iterable[tuple[Mapping[str, str], float]]
_PART = re.compile(r'label_replace\(\(\n(.*?)\n\), "kubervisor_key", "(\w+)", "", ""\)', re.DOTALL)


class Gauges:
    """Serves until closed. `says` gives the samples of an expression; while `is_down` it fails.

    Attributes:
        queries: all that was asked.
    """

    def __init__(self, says: Callable[[str], Samples]) -> None:
        self._says = says
        self.is_down = False
        self.queries: list[str] = []
        self._server = ScriptedServer(self._answer)
        self.url = self._server.url

    def wait_asked(self, count: int, within: float = 60.0) -> None:
        """Return once it was asked so many times more."""
        self._server.wait_requests(len(self._server.requests) + count, within)

    def close(self) -> None:
        """End it."""
        self._server.close()

    def _answer(self, exchange: Exchange) -> None:
        (query,) = parse_qs(urlsplit(exchange.target).query)["query"]
        self.queries.append(query)
        if self.is_down:
            fails(503)(exchange)
            return
        samples = [
            ({**labels, "kubervisor_key": key}, value)
            for expression, key in _PART.findall(query)
            for labels, value in self._says(expression)
        ]
        vector(samples)(exchange)
