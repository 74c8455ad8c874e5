"""What taking a pod out of traffic costs anybody: one PATCH of its label, on a kept connection.

No controller can be faster, so every figure on writing stands beside this one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from playground.fleet import Fleet
from playground.fleet_pod import TRAFFIC, Pod

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Floor:
    """Samples in seconds, from before the PATCH: to its answer, to the EndpointSlice's event."""

    acknowledged: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)

    def sample(self, fleet: Fleet, pod: Pod) -> None:
        """Take `pod`, of a fleet that nobody guards, out of traffic, and give it back."""
        began = time.monotonic()
        fleet.label(pod, TRAFFIC, "no")
        self.acknowledged.append(time.monotonic() - began)
        self.left.append(left_after(fleet, pod, began))
        back = time.monotonic()
        fleet.label(pod, TRAFFIC, "yes")
        fleet.members.wait(pod.id, entered=True, since=back, timeout=PATIENCE)


def left_after(fleet: Fleet, pod: Pod, began: float) -> float:
    """Seconds from the monotonic instant `began` until the EndpointSlices are without `pod`.

    Raises TimeoutError.
    """
    passage = fleet.members.wait(pod.id, entered=False, since=began, timeout=PATIENCE)
    return passage.at - began
