"""What a crowd's pods count, on a few pages: 10,000 targets would measure Prometheus' scraping."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from zlib import crc32

from playground.fleet_pod import Pod
from playground.fleet_watch import Watch

PER_SECOND = 10
"""Requests that each pod answers."""
USUAL, BROKEN = 0.005, 0.5
"""Part of them that fail: of a healthy pod, of a failing one."""


class Counters:
    """Pages of `http_requests_total` of all `pods`, each under its own labels."""

    def __init__(self, pods: Watch[Pod]) -> None:
        self._failing: dict[str, float] = {}
        self._pods = pods
        self._began = time.monotonic()

    def fail(self, pod: str) -> None:
        """Let the pod of that name fail from now on."""
        self._failing[pod] = time.monotonic()

    def page(self, shard: int, of: int) -> bytes:
        """The samples of every `of`-th pod."""
        lines = ["# TYPE http_requests_total counter"]
        for pod in self._pods.objects.values():
            if crc32(pod.name.encode()) % of == shard:
                lines += self._lines(pod)
        return "\n".join((*lines, "")).encode()

    def _lines(self, pod: Pod) -> Iterator[str]:
        now = time.monotonic()
        healthy = self._failing.get(pod.name, now) - self._began
        ill = now - self._began - healthy
        failed = PER_SECOND * (USUAL * healthy + BROKEN * ill)
        labels = f'namespace="{pod.namespace}",pod="{pod.name}"'
        for code, count in (("500", failed), ("200", PER_SECOND * (healthy + ill) - failed)):
            yield f'http_requests_total{{{labels},code="{code}"}} {count:.0f}'


@contextmanager
def served(counters: Counters) -> Iterator[str]:
    """Serve the pages as `playground.prometheus` asks for aggregates; yields HOST:PORT."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = dict(parse_qsl(urlsplit(self.path).query))
            body = counters.page(int(asked["shard"]), int(asked["of"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the standard error tells of the benchmark."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
