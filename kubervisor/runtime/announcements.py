"""Heeds the announcements that `kubervisor release` and `stop` leave on the Lease."""

from __future__ import annotations

from collections.abc import Callable

EVERY = 0.5


class Announcements:
    """`step` is called by a Loop: when an announcement changes, every Service is looked at
    again.
    """

    def __init__(
        self, stopped: Callable[[], frozenset[str]], look_again: Callable[[], None]
    ) -> None:
        self._stopped, self._look_again = stopped, look_again
        self._known = stopped()

    def step(self) -> float:
        """Returns the seconds until the next look; it costs nothing but a comparison."""
        now = self._stopped()
        if now != self._known:
            self._known = now
            self._look_again()
        return EVERY

    def is_stopped(self, namespace: str) -> bool:
        """True where nothing may be written in `namespace`."""
        stopped = self._stopped()
        return "*" in stopped or namespace in stopped
