"""Decides what is written on a pod: only what differs, so a pod that never failed stays untouched.

Pure. A probed watchdog's status follows what was judged; a posted one belongs to whoever posted it,
until it expires. The label is the worst level of all that count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.watchdogs import Level, WatchdogStatus, health_label
from kubervisor.watchdog.book import Word

CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Mark:
    """What to write on a pod: statuses anew, names whose status goes, and the label where it is
    another, None where it stays.
    """

    statuses: tuple[WatchdogStatus, ...] = ()
    removed: tuple[str, ...] = ()
    health: str | None = None

    def __bool__(self) -> bool:
        return bool(self.statuses or self.removed or self.health is not None)


def plan_mark(pod: WatchedPod, words: Mapping[str, Word], now: float) -> Mark:
    """What `pod` lacks of what its watchdogs say; `now` in Unix seconds.

    Of `words` those are left out that the pod asks no probe for any more.
    """
    stored = {status.name: status for status in pod.statuses}
    asked = {name: words[name] for name, _ in pod.probes if name in words}
    new = tuple(
        status
        for name, word in asked.items()
        if (status := _due(name, word, stored.get(name))) is not None
    )
    expired = tuple(
        status.name
        for status in pod.statuses
        if not status.counts(now) and all(one.name != status.name for one in new)
    )
    kept = stored | {status.name: status for status in new}
    for name in expired:
        del kept[name]
    label = health_label(status.level for status in kept.values())
    has_said = bool(stored or new or pod.health is not None)
    return Mark(new, expired, label if has_said and label != pod.health else None)


def next_expiry(pod: WatchedPod, now: float) -> float | None:
    """When the next status of `pod` expires, None where none will."""
    soonest = min((s.expires for s in pod.statuses if s.expires is not None), default=math.inf)
    return soonest if now < soonest < math.inf else None


def _due(name: str, word: Word, stored: WatchdogStatus | None) -> WatchdogStatus | None:
    """The status to write for `word`, None where the pod has it, or needs none."""
    said = WatchdogStatus(name, word.level, math.floor(word.since), word.message)
    if stored is None:
        return said if word.level is not Level.INFO else None
    held = stored.level.lower()
    if word.level is Level.INFO:
        return None if held == word.level else replace(said, message=f"{held} {CLEARED}")
    return None if held == word.level and stored.expires is None else said
