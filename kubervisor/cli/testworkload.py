"""`kubervisor testworkload`: a program whose watchdog fails when told to."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click

from kubervisor.cli.addresses import cannot_listen, listening
from kubervisor.runtime.signals import ENDING
from kubervisor.runtime.threads import start_thread

FAIL_SECONDS = 600.0


class Workload:
    """Well, but for `fail_seconds` after it was told to fail."""

    def __init__(self, fail_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fail_seconds, self._clock = fail_seconds, clock
        self._until = clock()

    def answer(self, method: str, path: str) -> tuple[int, str]:
        """Status and text of the answer to a request."""
        match method, path.partition("?")[0]:
            case "GET", "/watchdog":
                left = self._until - self._clock()
                return (500, f"failing for {left:.0f} s more") if left > 0 else (200, "ok")
            case "GET", "/ping":
                return 200, "ok"
            case "POST", "/fail":
                self._until = self._clock() + self._fail_seconds
                return 200, f"failing for {self._fail_seconds:.0f} s"
        return 404, "try GET /watchdog, GET /ping or POST /fail"


def make_server(host: str, port: int, workload: Workload) -> ThreadingHTTPServer:
    """A server that answers for `workload`. Raises OSError where the address cannot be bound."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5
        """Seconds a client may take to send its request."""

        def do_GET(self) -> None:
            self._answer()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a probe is no news."""

        def _answer(self) -> None:
            status, text = workload.answer(self.command, self.path)
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer((host, port), Handler)


@click.command()
@listening("Where it answers; a prober comes by the pod's address.")
@click.option(
    "--fail-seconds",
    type=click.FloatRange(min=0),
    default=FAIL_SECONDS,
    show_default=True,
    help="How long the watchdog fails after POST /fail.",
)
def testworkload(listen: tuple[str, int], fail_seconds: float) -> None:
    """Answer `GET /watchdog` with 200, and with 500 for ten minutes after a `POST /fail`.

    `GET /ping` is answered with 200 all the time. Runs until SIGTERM, exit code 0; 2: bad usage.
    """
    host, port = listen
    try:
        server = make_server(host, port, Workload(fail_seconds))
    except OSError as error:
        raise cannot_listen(host, port, error) from error
    # Waited for, not handled: a signal then ends no answer halfway.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    start_thread("server", server.serve_forever)
    signal.sigwait(ENDING)
    server.shutdown()
