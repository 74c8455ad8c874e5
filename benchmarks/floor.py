"""What taking a pod out of traffic costs anybody: one PATCH of its label, on a kept connection.

No controller can be faster, so every figure on writing stands beside this one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from playground.fleet_pod import TRAFFIC, Pod
from playground.load_members import Members

PATIENCE = 30.0


class Labelled(Protocol):
    """Pods that labels take out of traffic, such as a Fleet."""

    @property
    def members(self) -> Members:
        """Who gets traffic, and when pods entered and left."""

    def label(self, pod: Pod, key: str, value: str | None) -> None:
        """Set a label of the pod; None removes it."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Samples in seconds, from before the PATCH: to its answer, to the EndpointSlice's event."""

    acknowledged: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)

    def sample(self, fleet: Labelled, pod: Pod) -> None:
        """Take `pod`, to which nobody else writes, out of traffic, and give it back."""
        began = time.monotonic()
        fleet.label(pod, TRAFFIC, "no")
        self.acknowledged.append(time.monotonic() - began)
        self.left.append(left_after(fleet, pod, began))
        back = time.monotonic()
        fleet.label(pod, TRAFFIC, "yes")
        fleet.members.wait(pod.id, entered=True, since=back, timeout=PATIENCE)


def left_after(fleet: Labelled, pod: Pod, began: float) -> float:
    """Seconds from the monotonic instant `began` until the EndpointSlices are without `pod`.

    Raises TimeoutError.
    """
    passage = fleet.members.wait(pod.id, entered=False, since=began, timeout=PATIENCE)
    return passage.at - began
