"""The loops of a capability, which begin and end together."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop

STUCK_SECONDS = 120.0
"""How long a loop may be overdue before /livez fails: any wait of ours for others is far shorter.
"""


class Loops:
    """Started by the one that leads, for as long as it leads."""

    def __init__(self, loops: Iterable[Loop], clock: Clock) -> None:
        self._loops, self._clock = tuple(loops), clock

    def start(self) -> None:
        """Take the first step of each. Raises RuntimeError where there is no thread for one."""
        for loop in self._loops:
            loop.start()

    def late(self) -> list[str]:
        """The names of those that should have moved long ago."""
        now = self._clock.monotonic()
        return [loop.name for loop in self._loops if now - loop.next_beat > STUCK_SECONDS]

    def stop(self) -> None:
        """End each after the step in hand; returns at once."""
        for loop in self._loops:
            loop.stop()

    def join(self, until: float) -> None:
        """Return once no step is in hand, at the latest at the instant `until` (monotonic)."""
        for loop in self._loops:
            loop.join(until - self._clock.monotonic())


def without_a_beat(late: list[str]) -> str:
    """Of those that are `late`, what /livez says; "" where there are none."""
    return f"without a beat: {', '.join(late)}" if late else ""
