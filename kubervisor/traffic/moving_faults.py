"""Faults that move: a client whose requests spoil whichever pod they reach.

When the pod is ejected the client goes to the next one. Ejecting after it would empty the fleet one
by one, so an outlier that was fine until another pod's ejection is held back for two windows, and a
second such outlier stops the breaker for that time.

A dependency that fails for one pod after the other looks like pods that fail on their own, until
half of them have. So after the first ejection the next waits until no further pod has become an
outlier for four steps, and for two windows where the pods became outliers further apart than that:
by then a spreading fault has met the panic guard, or is the fleet's new level. Pods that went bad
together lose four steps. And where the peers themselves have come to fail much more since the pod
became an outlier, the fault is not the pod's.
"""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.traffic.evidence import Memory
from kubervisor.traffic.model import Fleet, PodUid

WINDOWS_HELD_BACK = 2
CALM_STEPS = 4
RISEN_FACTOR, RISEN_POINTS = 3.0, 5.0
"""Peers have risen that fail three times as often as before, and five of a hundred more."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What a moving fault forbids now: `held_back` pods, with `stopped` every ejection, and while
    it is `spreading` every one but the first; `calm` seconds without another outlier end that.
    """

    held_back: frozenset[PodUid] = frozenset()
    stopped: bool = False
    spreading: bool = False
    calm: float = 0.0


def movement(memory: Memory, *, window: float, period: float, now: float) -> Movement:
    """How the fault has moved, by the onsets and ejections that `memory` holds; `period` is the
    time between two steps.

    A pod that followed an ejection and was ejected itself, two windows later, still counts: with
    the next one the fault has moved twice.
    """
    held = WINDOWS_HELD_BACK * window
    followers = [pod for pod in memory.streaks if _followed_an_ejection(memory, pod, held)]
    held_back = frozenset(
        pod for pod in followers if now - (memory.streaks[pod].outlier_since or 0.0) < held
    )
    onsets = [s.outlier_since for s in memory.streaks.values() if s.outlier_since is not None]
    newest, oldest = max(onsets, default=now), min(onsets, default=now)
    together = newest - oldest <= CALM_STEPS * period
    calm = CALM_STEPS * period if together else held
    return Movement(
        held_back,
        stopped=bool(held_back) and len(followers) >= 2,
        spreading=bool(onsets) and now - newest < calm,
        calm=calm,
    )


def has_risen(before: float | None, now: float | None) -> bool:
    """Whether the peers' level (percent) has left what it was."""
    if before is None or now is None:
        return False
    return now >= RISEN_FACTOR * before and now >= before + RISEN_POINTS


def has_ejected(fleet: Fleet, breaker: str, memory: Memory, *, window: float, now: float) -> bool:
    """Whether the breaker has ejected a pod less than two windows ago.

    The memory knows of pods that are back already, the fleet of what was done in this evaluation
    and by the leader before.
    """
    since = now - WINDOWS_HELD_BACK * window
    remembered = any(at > since for _, at in memory.ejections)
    return bool(remembered or fleet.ejecting) or any(
        pod.ejection is not None
        and pod.ejection.breaker == breaker
        and (pod.ejection.at is None or pod.ejection.at > since)
        for pod in fleet.pods
        if pod.is_out
    )


def _followed_an_ejection(memory: Memory, pod: PodUid, held: float) -> bool:
    streak = memory.streaks[pod]
    since, fine = streak.outlier_since, streak.fine_since
    if since is None or fine is None:
        return False
    return any(other != pod and fine <= at < since <= at + held for other, at in memory.ejections)
