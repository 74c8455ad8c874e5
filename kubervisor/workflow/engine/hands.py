"""Which syncs go on, and for how long: a worker that does not come back is told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kubervisor.telemetry.logs import Log
from kubervisor.workflow.engine.kinds import Key

LONG_SECONDS = 60.0
LOOK_SECONDS = 10.0
STUCK_SECONDS = 120.0
"""How long a sync may take before /livez fails."""


class Hands:
    """The syncs in hand. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._empty = clock, threading.Condition()
        self._since: dict[Key, float] = {}

    @contextmanager
    def on(self, key: Key) -> Iterator[None]:
        """A sync of `key` goes on."""
        with self._empty:
            self._since[key] = self._clock()
        try:
            yield
        finally:
            with self._empty:
                del self._since[key]
                self._empty.notify_all()

    def taking(self) -> Mapping[Key, float]:
        """The seconds that each sync has taken so far."""
        with self._empty:
            now = self._clock()
            return {key: now - since for key, since in self._since.items()}

    def stuck(self) -> str:
        """Syncs that take far too long, "" where there is none."""
        late = [str(key) for key, took in self.taking().items() if took > STUCK_SECONDS]
        return f"in hand for more than {STUCK_SECONDS:.0f} s: {', '.join(late)}" if late else ""

    def await_none(self, timeout: float) -> bool:
        """Wait until there is none; False after `timeout` seconds."""
        with self._empty:
            return self._empty.wait_for(lambda: not self._since, timeout)


class Lookout:
    """Logs each sync that takes long, once."""

    def __init__(self, hands: Hands, log: Log) -> None:
        self._hands, self._log = hands, log
        self._told: frozenset[Key] = frozenset()

    def step(self) -> float:
        """Look once; returns the seconds until the next time."""
        taking = self._hands.taking()
        late = frozenset(key for key, took in taking.items() if took > LONG_SECONDS)
        for key in sorted(late - self._told):
            self._log.warning("Sync takes long", resource=str(key), seconds=round(taking[key]))
        self._told = late
        return LOOK_SECONDS
