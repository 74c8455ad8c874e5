"""The values every decision begins with: pods and fleets.

Nothing here reads a clock, a cache or a network. Instants are Unix seconds (UTC), durations
seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from math import inf
from typing import NewType, Self, TypeVar, dataclass_transform

from kubervisor.traffic.watchdogs import WatchdogStatus

PodUid = NewType("PodUid", str)
T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def _value(cls: type[T]) -> type[T]:
    """A dataclass with slots and a hash, frozen for the type checker, who sees every line of ours.

    One that is frozen at run time too sets each field by a call and takes three times as long to
    make: a LIST and the watch make pods by the hundred thousand.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


class Traffic(StrEnum):
    """The values of the label `kubervisor/traffic`; other controllers select on them."""

    YES = "yes"
    NO = "no"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, order=True)
class ServiceKey:
    """Names a KubervisorService: its namespace and its own name (not the Service's)."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The controller of a pod, from the owner reference with `controller: true`."""

    kind: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Ejection:
    """What a pod's own labels and annotations say of its current ejection.

    `at` and `until` are None where the annotation is missing or unreadable: such a hold counts from
    now. `owner_uid` is the uid of the pod's controller at the time of the ejection.
    """

    id: str
    breaker: str
    at: float | None = None
    until: float | None = None
    reason: str = ""
    evidence: str = ""
    epoch: int = 0
    owner_uid: str = ""


@_value
class Pod:
    """What Kubervisor knows of a pod; everything else of the API object is never decoded.

    `traffic` is None where the label is absent or has no known value. `ejection` is None unless the
    pod is out by us: a pod labelled `no` or `pause` without it is a manual hold.
    `labels` are the pod's labels without those under `kubervisor/`, `node_address` is its node's
    IP, `address` the pod's own, empty on the host's network. `returned_by_hand` marks a pod that
    serves while it still carries our ejection: a person set `yes`. `epoch_mark` is the epoch that a
    leader left on it, empty where none did.
    `eject_requested_at` is when a person asked to have it ejected, 0 where that cannot be read.
    `watchdogs` are those that it declares, or that others posted, with their last words, by name.
    Pods are equal whose versions alone differ, and the cache sets that of the one it holds: nearly
    all that a watch tells changes nothing else.
    """

    uid: PodUid
    namespace: str
    name: str
    version: str = field(compare=False)
    phase: str
    ready: bool
    deleting: bool
    traffic: Traffic | None
    claimed_by: str | None
    ejection: Ejection | None
    retries: int
    returned_at: float | None
    created_at: float
    started_at: float | None
    owner: Owner | None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    returned_by_hand: bool = False
    node_address: str = ""
    epoch_mark: str = ""
    address: str = ""
    eject_requested_at: float | None = None
    watchdogs: tuple[WatchdogStatus, ...] = ()

    @classmethod
    def serving(
        cls,
        name: str,
        *,
        uid: str,
        namespace: str,
        claimed_by: str | None,
        created_at: float,
        started_at: float | None,
        owner: Owner,
        labels: Mapping[str, str] | None = None,
        ready: bool = True,
    ) -> Self:
        """A pod in traffic that was never out of it, for whoever makes pods up."""
        return cls(
            uid=PodUid(uid),
            namespace=namespace,
            name=name,
            version="1",
            phase="Running",
            ready=ready,
            deleting=False,
            traffic=Traffic.YES,
            claimed_by=claimed_by,
            ejection=None,
            retries=0,
            returned_at=None,
            created_at=created_at,
            started_at=started_at,
            owner=owner,
            labels=labels or {},
        )

    @property
    def is_out(self) -> bool:
        """True where the label keeps the pod out of traffic, whoever wrote it."""
        return self.traffic is Traffic.NO or self.traffic is Traffic.PAUSE

    @property
    def is_manual_hold(self) -> bool:
        """True where a person took the pod out; we count it as out and never return it."""
        return self.is_out and self.ejection is None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another Service that selects on our key, and its pods that serve now."""

    name: str
    serving: frozenset[PodUid]


@dataclass(frozen=True)
class Fleet:
    """The members of a Service at one instant, with the writes that the watch has not shown yet.

    `pods` are the members (design: phase Pending, Running or Unknown, not being deleted), in name
    order, whatever their label or readiness. `ejecting`, `returning` and `terminating` are the
    unconfirmed writes of ours. `unreplaced` counts the pods we terminated that are gone and whose
    replacement has not been created yet: they are members too, and not serving.
    """

    key: ServiceKey
    pods: tuple[Pod, ...]
    ejecting: frozenset[PodUid] = frozenset()
    returning: frozenset[PodUid] = frozenset()
    terminating: frozenset[PodUid] = frozenset()
    unreplaced: int = 0
    neighbours: tuple[Neighbour, ...] = ()

    @property
    def is_changing(self) -> bool:
        """True where writes of ours are on their way, or a replacement is."""
        return bool(self.ejecting or self.returning or self.terminating or self.unreplaced)

    @property
    def size(self) -> int:
        """N of the budget: all members."""
        return len(self.pods) + self.unreplaced

    def is_ours(self, pod: Pod) -> bool:
        """True unless the pod carries another KubervisorService's name: then it is that one's."""
        return pod.claimed_by in (None, self.key.name)

    def is_serving(self, pod: Pod) -> bool:
        """True where `pod` counts towards S: Ready, labelled `yes`, no unconfirmed write against
        it.

        A return counts only once the watch shows it, because the label here is the watch's.
        """
        return (
            pod.ready
            and pod.traffic is Traffic.YES
            and pod.uid not in self.ejecting
            and pod.uid not in self.terminating
        )

    @cached_property
    def ready_names(self) -> tuple[str, ...]:
        """The names of the Ready members, in order."""
        return tuple([pod.name for pod in self.pods if pod.ready])

    @cached_property
    def ready_uids(self) -> tuple[PodUid, ...]:
        """The uids of the Ready members, in the same order."""
        return tuple([pod.uid for pod in self.pods if pod.ready])

    @cached_property
    def settled_at(self) -> float:
        """When the last container of all had started; infinite where that is not known of a pod,
        or one was out of traffic before.
        """
        starts = [p.started_at if p.returned_at is None else None for p in self.pods]
        return max([inf if start is None else start for start in starts], default=-inf)

    @cached_property
    def serving(self) -> tuple[Pod, ...]:
        """S of the budget, in name order."""
        yes, leaving = Traffic.YES, self.ejecting | self.terminating
        return tuple(
            [p for p in self.pods if p.ready and p.traffic is yes and p.uid not in leaving]
        )

    @cached_property
    def out(self) -> tuple[Pod, ...]:
        """O of the budget: members labelled `no` or `pause`, Ready or not, and unconfirmed
        ejections. So all that carry an ejection of ours are here.
        """
        yes, ejecting = Traffic.YES, self.ejecting
        return tuple(
            [p for p in self.pods if (p.traffic is not yes and p.is_out) or p.uid in ejecting]
        )
