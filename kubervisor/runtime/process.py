"""The life of a controller process: start, lead while the lease is held, stop in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from kubervisor.runtime.signals import stopping_on_signals
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry.logs import Log

RESIGN_SECONDS = 5.0
FIRST_ATTEMPT_SECONDS = 1.0
"""So long the watches wait for the first answer about the lease: who gains it at once needs a LIST
begun after that, and should not have begun one before.
"""


@dataclass(frozen=True, slots=True)
class Background:
    """Something that runs on a thread of its own until the stop event; `interrupt` makes it
    notice.
    """

    name: str
    run: Callable[[], None]
    interrupt: Callable[[], None] = lambda: None


class Server(Protocol):
    """Listens already; `shutdown` ends `serve_forever`, which runs on a thread of its own."""

    def serve_forever(self) -> None: ...
    def shutdown(self) -> None: ...


class Elector(Protocol):
    """The lease, or what stands in for it where there is no election; `attempted` is set once it
    has tried to gain it.
    """

    @property
    def attempted(self) -> threading.Event: ...

    def run(self, on_gained: Callable[[], None], on_lost: Callable[[], None]) -> None: ...


class Leading(Protocol):
    """What only a leader runs. `renew` has the watches list anew, `begin` waits for that, and may
    last as long as the process; `end` returns once no write is under way.
    """

    def renew(self) -> tuple[int, ...]: ...
    def begin(self, renewed: tuple[int, ...]) -> None: ...
    def end(self) -> None: ...


class AlwaysLeader:
    """Without leader election this process leads from the start; only one may run."""

    epoch = 0
    stopped_namespaces: frozenset[str] = frozenset()
    """Without a Lease nobody can announce a stop on it."""

    def __init__(self, resign: threading.Event) -> None:
        self.attempted = threading.Event()
        self._resign = resign

    def run(self, on_gained: Callable[[], None], on_lost: Callable[[], None]) -> None:
        """Lead at once, until the end."""
        on_gained()
        self.attempted.set()
        self._resign.wait()

    def check(self) -> None:
        """Writing is always allowed."""

    def outrank(self, epoch: int) -> None:
        """Nobody else is or was."""


class Process:
    """Everything that runs, and the order in which it starts and ends.

    `stop` ends everything but the lease, which `resign` gives up last.
    """

    def __init__(
        self,
        *,
        background: Iterable[Background],
        servers: Iterable[Server],
        elector: Elector,
        leading: Leading,
        stop: threading.Event,
        resign: threading.Event,
        log: Log,
    ) -> None:
        self._background = tuple(background)
        self._servers, self._elector = tuple(servers), elector
        self._leading, self._stop, self._log = leading, stop, log
        self._resign = resign
        self._exit_code = 0

    def run(self) -> int:
        """Run until a signal or the loss of the lease; the exit code: 0 asked to stop, 1 lease
        lost.
        """
        with stopping_on_signals(self._stop):
            return self._run()

    def _run(self) -> int:
        for server in self._servers:
            start_thread("server", server.serve_forever)
        elector = self._start("lease", lambda: self._elector.run(self._gained, self._lost))
        self._elector.attempted.wait(FIRST_ATTEMPT_SECONDS)
        for background in self._background:
            self._start(background.name, background.run)
        self._stop.wait()
        return self._end(elector)

    def _gained(self) -> None:
        renewed = self._leading.renew()
        # On a thread of its own: the lease must be renewed while the caches are read anew.
        self._start("leading", lambda: self._leading.begin(renewed))

    def _start(self, name: str, run: Callable[[], None]) -> threading.Thread:
        """A thread without which the process would only seem to work: it ends with it."""

        def guarded() -> None:
            try:
                run()
            except Exception as error:  # noqa: BLE001 - whatever it was, half a process is none
                self._log.error("Thread died", thread=name, error=str(error), exc_info=True)
                self._exit_code = 1
                self._stop.set()

        return start_thread(name, guarded)

    def _lost(self) -> None:
        """Another process may act from now on: this one must not, so it ends."""
        if not self._stop.is_set():
            self._log.error("Lost the lease, ending")
            self._exit_code = 1
            self._stop.set()

    def _end(self, elector: threading.Thread) -> int:
        self._log.info("Stopping")
        self._leading.end()
        for background in self._background:
            background.interrupt()
        # Only now may another lead: no write of ours is under way any more.
        self._resign.set()
        elector.join(RESIGN_SECONDS)
        for server in self._servers:
            server.shutdown()
        self._log.info("Stopped")
        return self._exit_code
