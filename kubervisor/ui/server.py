"""The dashboard's server: a socket from the start, and everything else once somebody calls.

A controller that nobody looks at does not load what serves pages.
"""

from __future__ import annotations

import select
import socket
import threading
from typing import TYPE_CHECKING

from kubervisor.telemetry.logs import Log
from kubervisor.ui.hosts import allowed_hosts
from kubervisor.ui.view import View

if TYPE_CHECKING:
    from kubervisor.ui.serving import Serving


class Dashboard:
    """Bound to `listen` (host:port) once made. Raises OSError where that cannot be.

    `serve_forever` belongs to a thread of its own, `shutdown` may be called by any.
    """

    def __init__(self, listen: str, view: View, log: Log) -> None:
        self._listen, self._view, self._log = listen, view, log
        self._socket = _bound(listen)
        self._woken, self._waker = socket.socketpair()
        self._lock = threading.Lock()
        self._serving: Serving | None = None
        self._stopped = False

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def serve_forever(self) -> None:
        """Answer until `shutdown`; whatever goes wrong here is the dashboard's trouble alone."""
        try:
            if self._wait_for_a_call():
                self._serve()
        except Exception as error:  # noqa: BLE001 - the guard: a Breaker needs no dashboard
            self._log.error("The dashboard ended", error=str(error), exc_info=True)
        finally:
            for end in (self._socket, self._woken, self._waker):
                end.close()

    def shutdown(self) -> None:
        """End it soon; returns at once."""
        with self._lock:
            self._stopped = True
            if self._serving is not None:
                self._serving.stop()
            elif self._waker.fileno() >= 0:
                self._waker.send(b"x")

    def _wait_for_a_call(self) -> bool:
        ready, _, _ = select.select([self._socket, self._woken], [], [])
        return self._socket in ready

    def _serve(self) -> None:
        from kubervisor.ui.serving import Serving  # noqa: PLC0415 - see above

        with self._lock:
            if self._stopped:
                return
            serving = Serving(self._view, allowed_hosts(self._listen), self._log)
            self._serving = serving
        serving.run(self._socket)


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    name = host.strip("[]")
    try:
        family = socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((name, int(port)), family=family, backlog=64)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise OSError(
            f"cannot listen on {listen}: {why}; --dashboard-listen names another address"
        ) from error
