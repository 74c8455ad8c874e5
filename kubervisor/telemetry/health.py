"""`/metrics` and pages of one line, such as `/livez`, as one WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from kubervisor.telemetry.registry import REGISTRY

Probe = Callable[[], str]
"""Returns "" where all is well, else what is not, for a person to read."""

Page = Callable[[], tuple[str, str]]
"""Returns a status such as `200 OK` and a line of text."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 5
    """Seconds a client may take to send its request: a connection must not hold a thread for
    ever.
    """

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a probe a second is no news."""


def make_health_server(
    host: str, port: int, *, live: Probe, ready: Probe, before_scrape: Callable[[], None]
) -> WSGIServer:
    """A server bound to host:port; the caller runs `serve_forever` on a thread of its own.

    Raises OSError where the address cannot be bound.
    """
    pages = {"/livez": _page(live), "/healthz": _page(live), "/readyz": _page(ready)}
    return make_page_server(host, port, pages, registry=REGISTRY, before_scrape=before_scrape)


def make_page_server(
    host: str,
    port: int,
    pages: Mapping[str, Page],
    *,
    registry: CollectorRegistry,
    before_scrape: Callable[[], None],
) -> WSGIServer:
    """The same with other pages, by their paths, and the metrics of `registry`."""
    scrape = make_wsgi_app(registry)

    def app(environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            before_scrape()
            answer: Iterable[bytes] = scrape(dict(environ), start_response)
            return answer
        if path in pages:
            return _plain(start_response, *pages[path]())
        return _plain(start_response, "404 Not Found", f"try /metrics, {', '.join(pages)}")

    return make_server(host, port, app, server_class=_Server, handler_class=_Quiet)


def _page(probe: Probe) -> Page:
    def answer() -> tuple[str, str]:
        problem = probe()
        return "503 Service Unavailable" if problem else "200 OK", problem or "ok"

    return answer


def _plain(start_response: Any, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode() + b"\n"]
