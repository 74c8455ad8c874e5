"""A fleet whose pods are as the API server has them whenever a test asks."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playground.fleet import Fleet
from playground.fleet_pod import Pod

CATCH_UP = 20.0

_HERE = threading.local()
"""`waits` where the thread waits for a fleet."""


class CurrentFleet(Fleet):
    """Whatever else told a test that something has come about (a status, an Event, the observer),
    its watch may be ahead of the fleet's. Who waits for the fleet itself sees each step of it.
    """

    def pods(self) -> tuple[Pod, ...]:
        self._catch_up()
        return super().pods()

    def pod(self, name: str) -> Pod | None:
        self._catch_up()
        return super().pod(name)

    def wait(self, so: Callable[[Fleet], bool], timeout: float, what: str) -> None:
        _HERE.waits = True
        try:
            super().wait(so, timeout, what)
        finally:
            _HERE.waits = False

    def _catch_up(self) -> None:
        if not getattr(_HERE, "waits", False):
            self._watch.catch_up(CATCH_UP)
