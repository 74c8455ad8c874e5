"""Names to addresses, without letting a slow name server hold more than one thread per name."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock

Resolve = Callable[[str], Sequence[str]]


def resolve_by_system(host: str) -> Sequence[str]:
    """The addresses of `host` in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Lookups:
    """Resolves names; threads that ask for the same name at the same time share one lookup.

    The system's resolver takes no deadline: the thread that runs a lookup waits as long as
    resolv.conf lets it, the others no longer than their own deadline. Nothing is kept afterwards:
    a connection stays with the address it was checked for, so lookups are rare.
    """

    def __init__(self, resolve: Resolve = resolve_by_system) -> None:
        self._resolve = resolve
        self._running: dict[str, Future[Sequence[str]]] = {}
        self._lock = Lock()

    def addresses(self, host: str, *, timeout: float) -> Sequence[str]:
        """The addresses of `host`. Raises OSError, TimeoutError among them."""
        with self._lock:
            lookup = self._running.get(host)
            if lookup is None:
                mine = self._running[host] = Future()
        if lookup is not None:
            return lookup.result(timeout)
        try:
            mine.set_result(self._resolve(host))
        except BaseException as error:  # noqa: BLE001  # whoever waits must hear of it
            mine.set_exception(error)
        finally:
            with self._lock:
                del self._running[host]
        return mine.result()
