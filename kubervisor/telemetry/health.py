"""`/metrics`, `/livez` and `/readyz` as one WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from kubervisor.telemetry.metrics import REGISTRY

Probe = Callable[[], str]
"""Returns "" where all is well, else what is not, for a person to read."""


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
    scrape = make_wsgi_app(REGISTRY)
    probes = {"/livez": live, "/healthz": live, "/readyz": ready}

    def app(environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            before_scrape()
            answer: Iterable[bytes] = scrape(dict(environ), start_response)
            return answer
        if path in probes:
            problem = probes[path]()
            status = "503 Service Unavailable" if problem else "200 OK"
            return _plain(start_response, status, problem or "ok")
        return _plain(start_response, "404 Not Found", "try /metrics, /livez or /readyz")

    return make_server(host, port, app, server_class=_Server, handler_class=_Quiet)


def _plain(start_response: Any, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [text.encode() + b"\n"]
