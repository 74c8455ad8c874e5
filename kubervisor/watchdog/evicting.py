"""Decides which pods to evict: those in error for so many scans, as far as the limits allow.

Pure. PodDisruptionBudgets are the API server's to look at, when an eviction is asked for; what one
refused waits here for some scans.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.terminations import REPLACING_OWNERS
from kubervisor.watchdog.limits import Ledger, Limits, Watched, owner_of
from kubervisor.watchdog.scans import Scans

LONGEST_WAIT = 4
"""Scans until what was refused is asked for again, at most."""


class FailingPods(Protocol):
    """What the prober itself has seen; the evictor believes nothing else unless told to."""

    def failing(self, now: float) -> Mapping[PodUid, tuple[str, ...]]:
        """The watchdogs in error by the pods' uids, as of `now` (monotonic seconds).

        What was not probed lately is not in it: no pod is evicted on old evidence.
        """
        ...


class HeldBack(StrEnum):
    """Why a pod that should go stays for now, in words for people."""

    NOBODY_REPLACES = "no controller would replace it"
    OWNER_BUSY = "its owner waits for the replacement of one that was evicted"
    OWNER_HOUR = "its owner lost as many pods to evictions within an hour as it may"
    NAMESPACE_HOUR = "its namespace lost as many pods to evictions within an hour as it may"


@dataclass(frozen=True, slots=True)
class EvictionPolicy:
    """When a pod is evicted, and how. The defaults of the first three are AutoCrane's.

    `period` is the time between two scans in seconds, `scans` how many in a row must find a pod in
    error, `grace` how many seconds it has to shut down. `unowned` evicts pods too that no
    controller replaces; `trust_posted` believes statuses that others wrote on pods, which takes no
    more than the right to patch them.
    """

    period: float = 60.0
    scans: int = 4
    grace: int = 120
    limits: Limits = field(default_factory=Limits)
    unowned: bool = False
    trust_posted: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class EvictionIntent:
    """A pod to evict, and the evidence: its watchdogs in error, and for how many scans."""

    pod: Watched
    watchdogs: tuple[str, ...]
    scans: int


@dataclass(frozen=True, slots=True)
class EvictionRefusal:
    """A pod that should be evicted and is not."""

    pod: Watched
    why: HeldBack


@dataclass(frozen=True, slots=True)
class EvictionPlan:
    """What one scan leads to, in this order: the longest in error first."""

    intents: tuple[EvictionIntent, ...] = ()
    refusals: tuple[EvictionRefusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """How often in a row a pod's eviction was refused, and the number of the scan to ask again."""

    refusals: int = 0
    until: int = 0

    def longer(self, scan: int, policy: EvictionPolicy, *, at_least: float = 0.0) -> Wait:
        """After one more refusal at that scan: 1, 2, then 4 scans, and `at_least` seconds."""
        back_off = min(2**self.refusals, LONGEST_WAIT)
        return Wait(self.refusals + 1, scan + max(back_off, math.ceil(at_least / policy.period)))


_NEVER_REFUSED = Wait()


def plan_evictions(
    failing: Mapping[PodUid, tuple[str, ...]],
    pods: Collection[Watched],
    scans: Scans,
    ledger: Ledger,
    policy: EvictionPolicy,
    *,
    waits: Mapping[PodUid, Wait],
    now: float,
) -> EvictionPlan:
    """Which of the `failing` pods go now; those that were refused lately wait, and come last then.

    A pod that is in error but not in `pods`, which the watch has shown, is left alone.
    """
    due = [
        pod
        for pod in pods
        if pod.uid in failing
        and scans.in_a_row.get(pod.uid, 0) >= policy.scans
        and pod.is_up  # no PodDisruptionBudget protects one that is not
        and waits.get(pod.uid, _NEVER_REFUSED).until <= scans.number
    ]

    def turn(pod: Watched) -> tuple[int, int, str, str]:
        refusals = waits.get(pod.uid, _NEVER_REFUSED).refusals
        return refusals, -scans.in_a_row[pod.uid], pod.namespace, pod.name

    due.sort(key=turn)
    room = _Room(ledger, policy, now)
    intents, refusals = [], []
    for pod in due:
        why = room.refuses(pod)
        if why is None:
            room.take(pod)
            intents.append(EvictionIntent(pod, failing[pod.uid], scans.in_a_row[pod.uid]))
        else:
            refusals.append(EvictionRefusal(pod, why))
    return EvictionPlan(tuple(intents), tuple(refusals))


class _Room:
    """What the limits leave while one plan is made; each intent takes of it."""

    def __init__(self, ledger: Ledger, policy: EvictionPolicy, now: float) -> None:
        self._ledger, self._policy, self._limits = ledger, policy, policy.limits
        self._owners, self._namespaces = ledger.owners_hour(now), ledger.namespaces_hour(now)
        self._taken: dict[str, int] = {}

    def refuses(self, pod: Watched) -> HeldBack | None:
        owner = owner_of(pod)
        if not self._policy.unowned and not is_replaced(pod):
            return HeldBack.NOBODY_REPLACES
        if self._ledger.unreplaced(pod) + self._taken.get(owner, 0) >= self._limits.at_once:
            return HeldBack.OWNER_BUSY
        if self._owners[owner] >= self._limits.owner_hourly:
            return HeldBack.OWNER_HOUR
        if self._namespaces[pod.namespace] >= self._limits.namespace_hourly:
            return HeldBack.NAMESPACE_HOUR
        return None

    def take(self, pod: Watched) -> None:
        owner = owner_of(pod)
        self._taken[owner] = self._taken.get(owner, 0) + 1
        self._owners[owner] += 1
        self._namespaces[pod.namespace] += 1


def is_replaced(pod: Watched) -> bool:
    """Whether its controller makes a new pod where this one goes: a DaemonSet on the same node, a
    Job nowhere.
    """
    return pod.owner is not None and pod.owner.kind in REPLACING_OWNERS
