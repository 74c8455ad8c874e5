"""How many pods may be evicted: at a time of one owner, and in any hour of an owner or a namespace.

Pure. The hour slides: at no instant do the 3,600 seconds before it hold more than the limit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from kubervisor.traffic.model import Owner, PodUid
from kubervisor.traffic.watchdogs import WatchdogStatus

HOUR = 3600.0
REPLACED_WITHIN = 600.0
"""Seconds after which an evicted pod without any replacement is waited for no more: its owner was
scaled down, or the new pod has no watchdog by which it would be seen.
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """At most so many evictions; `at_once` counts pods of one owner whose replacement is not Ready.

    The defaults let a fleet of ten renew itself within an hour, and leave people time to see that
    it is the watchdog that is wrong.
    """

    at_once: int = 1
    owner_hourly: int = 10
    namespace_hourly: int = 30


class Watched(Protocol):
    """What the evictor needs to know of a pod that has a watchdog: `is_up` while it runs and is not
    being deleted, `ready` where all its containers are, `statuses` as they are written on it.
    """

    @property
    def uid(self) -> PodUid: ...
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def owner(self) -> Owner | None: ...
    @property
    def ready(self) -> bool: ...
    @property
    def is_up(self) -> bool: ...
    @property
    def deleting(self) -> bool: ...
    @property
    def statuses(self) -> tuple[WatchdogStatus, ...]: ...


@dataclass(slots=True)
class Eviction:
    """A pod that was evicted at `at` (monotonic seconds); `beside` are the pods its owner had,
    None where another process evicted it and nobody knows.
    """

    uid: PodUid
    namespace: str
    owner: str
    at: float
    beside: frozenset[PodUid] | None = None
    is_replaced: bool = False
    replacement: PodUid | None = None


class Ledger:
    """The evictions of the last hour, and older ones whose replacement is not Ready."""

    def __init__(self, evictions: Iterable[Eviction] = ()) -> None:
        self._evictions = list(evictions)

    def add(self, pod: Watched, pods: Iterable[Watched], now: float) -> None:
        """`pod` was evicted, or nobody knows: an eviction that may have happened is one.

        `now` is when the answer came, so that the hour ends late rather than early.
        """
        owner = owner_of(pod)
        beside = frozenset(other.uid for other in pods if owner_of(other) == owner)
        self._evictions.append(Eviction(pod.uid, pod.namespace, owner, now, beside))

    def look(self, pods: Iterable[Watched], now: float) -> None:
        """See which evicted pods have a Ready replacement by now, and forget what is over."""
        waiting = [one for one in self._evictions if not one.is_replaced]
        owners = {one.owner for one in waiting}
        of_owner = defaultdict[str, list[Watched]](list)
        for pod in pods if owners else ():
            if (owner := owner_of(pod)) in owners:
                of_owner[owner].append(pod)
        taken = {one.replacement for one in self._evictions}
        for eviction in waiting:
            _look(eviction, of_owner[eviction.owner], taken, now)
        self._evictions = [
            one for one in self._evictions if not one.is_replaced or _is_recent(one, now)
        ]

    def unreplaced(self, pod: Watched) -> int:
        """How many other pods of its owner were evicted and have no Ready replacement."""
        owner = owner_of(pod)
        return sum(
            one.owner == owner and not one.is_replaced and one.uid != pod.uid
            for one in self._evictions
        )

    def owners_hour(self, now: float) -> Counter[str]:
        """Evictions in the hour before `now`, by owner."""
        return Counter(one.owner for one in self._evictions if _is_recent(one, now))

    def namespaces_hour(self, now: float) -> Counter[str]:
        """Evictions in the hour before `now`, by namespace."""
        return Counter(one.namespace for one in self._evictions if _is_recent(one, now))


def owner_of(pod: Watched) -> str:
    """Its controller, by namespace and uid; itself where it has none: it is alone then."""
    return owner_key(pod.namespace, pod.owner.uid if pod.owner else pod.uid)


def owner_key(namespace: str, uid: str) -> str:
    """An owner as the ledger knows it. An Event says what its writer likes: with the namespace, one
    about another's owner means nothing.
    """
    return f"{namespace}/{uid}"


def _is_recent(eviction: Eviction, now: float) -> bool:
    return now - eviction.at <= HOUR


def _look(
    eviction: Eviction, pods: Collection[Watched], taken: set[PodUid | None], now: float
) -> None:
    is_old = now - eviction.at > REPLACED_WITHIN
    if eviction.beside is None:
        eviction.is_replaced = is_old or all(pod.is_up and pod.ready for pod in pods)
        return
    new = [pod for pod in pods if pod.uid not in eviction.beside and pod.uid not in taken]
    ready = next((pod.uid for pod in new if pod.is_up and pod.ready), None)
    if ready is not None:
        eviction.is_replaced, eviction.replacement = True, ready
        taken.add(ready)
    elif is_old and all(pod.deleting for pod in new):
        eviction.is_replaced = True
