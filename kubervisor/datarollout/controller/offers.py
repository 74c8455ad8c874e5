"""What the data repository publishes, asked for once for all sources and namespaces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from kubervisor.datarollout.versions import Version, read_manifest
from kubervisor.errors import SourceError
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import data_metrics
from kubervisor.telemetry.logs import Log


@dataclass(frozen=True, slots=True)
class Offer:
    """The versions by source, the oldest first; None with a `problem` where nobody knows."""

    versions: Mapping[str, tuple[Version, ...]] | None
    problem: str = ""

    def of(self, source: str) -> tuple[Version, ...] | None:
        """What is published of a source, None where nobody knows."""
        return None if self.versions is None else self.versions.get(source, ())


class Repository(Protocol):
    """Where the manifest comes from. `read` raises SourceError, and returns None where it is the
    one that was read last; `forget` has the next one in any case.
    """

    def read(self) -> bytes | None: ...
    def forget(self) -> None: ...


class Offers:
    """Asks once in `period` seconds, by a loop of its own: a repository that hangs, or a name that
    does not resolve, holds up no rollback. `changed` is called when there is something new.
    """

    def __init__(
        self, repository: Repository, *, period: float, patience: float, clock: Clock, log: Log
    ) -> None:
        """Who looks waits `patience` seconds at most for the first answer."""
        self._repository, self._period, self._patience = repository, period, patience
        self._clock, self._log = clock, log
        self._versions: Mapping[str, tuple[Version, ...]] = {}
        self._offer = Offer(None, "The data repository has not answered yet.")
        self._asked = threading.Event()
        self._answered_at: float | None = None
        self.changed: Callable[[], None] = lambda: None

    def step(self) -> float:
        """Ask; the seconds until the next time."""
        before = self._offer
        try:
            text = self._repository.read()
            if text is not None:
                self._versions = read_manifest(text)
        except (SourceError, ValueError) as error:
            self._repository.forget()
            self._offer = Offer(None, f"{error}")
        else:
            self._answered_at = self._clock.monotonic()
            self._offer = Offer(self._versions)
        self._asked.set()
        data_metrics.REPOSITORY_UP.set(not self._offer.problem)
        if self._offer != before:
            if self._offer.problem:
                problem = self._offer.problem
                self._log.warning("The data repository gives no manifest", error=problem)
            self.changed()
        return self._period

    def look(self) -> Offer:
        """What is published now, as far as anybody knows."""
        self._asked.wait(self._patience)
        return self._offer

    def age(self) -> float:
        """Seconds since the last manifest, 0 before the first."""
        return self._clock.monotonic() - self._answered_at if self._answered_at else 0.0
