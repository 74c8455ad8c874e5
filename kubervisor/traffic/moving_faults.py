"""Faults that move: a client whose requests spoil whichever pod they reach.

When the pod is ejected the client goes to the next one. Ejecting after it would empty the fleet one
by one, so an outlier that was fine until another pod's ejection is held back for two windows, and a
second such outlier stops the breaker for that time. Pods that went bad together are not concerned.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.traffic.evidence import Memory
from kubervisor.traffic.model import PodUid

WINDOWS_HELD_BACK = 2


@dataclass(frozen=True, slots=True)
class Movement:
    """What a moving fault forbids now: `held_back` pods, and with `stopped` every ejection."""

    held_back: frozenset[PodUid] = frozenset()
    stopped: bool = False


def movement(memory: Memory, *, window: float, now: float) -> Movement:
    """How the fault has moved, by the onsets and ejections that `memory` holds.

    A pod that followed an ejection and was ejected itself, two windows later, still counts: with
    the next one the fault has moved twice.
    """
    held = WINDOWS_HELD_BACK * window
    followers = [pod for pod in memory.streaks if _followed_an_ejection(memory, pod, held)]
    held_back = frozenset(
        pod for pod in followers if now - (memory.streaks[pod].outlier_since or 0.0) < held
    )
    return Movement(held_back, stopped=bool(held_back) and len(followers) >= 2)


def _followed_an_ejection(memory: Memory, pod: PodUid, held: float) -> bool:
    streak = memory.streaks[pod]
    since, fine = streak.outlier_since, streak.fine_since
    if since is None or fine is None:
        return False
    return any(other != pod and fine <= at < since <= at + held for other, at in memory.ejections)
