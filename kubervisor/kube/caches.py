"""What the watches have shown, indexed for the questions that every evaluation asks.

Reflectors write, any thread reads. Records are immutable, so what a reader got stays as it was.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from kubervisor.kube.records import own_labels
from kubervisor.traffic.keys import PREFIX
from kubervisor.traffic.model import Pod, PodUid


class Record(Protocol):
    """What a cache needs of a record: who it is."""

    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def uid(self) -> str: ...


T = TypeVar("T", bound=Record)
Subscriber = Callable[[T | None, T | None], None]


class ObjectCache(Generic[T]):
    """Records by namespace and name. Subscribers hear `(old, new)` after a change is visible.

    One object replaced by another of the same name is told as a removal and an addition.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._records: dict[str, dict[str, T]] = {}
        self._subscribers: tuple[Subscriber[T], ...] = ()

    def subscribe(self, callback: Subscriber[T]) -> None:
        """Call `callback(old, new)` after each change, on the thread that brought it."""
        self._subscribers += (callback,)

    def get(self, namespace: str, name: str) -> T | None:
        """Return the record of that name, None where there is none."""
        with self._lock:
            return self._records.get(namespace, {}).get(name)

    def values(self, namespace: str | None = None) -> tuple[T, ...]:
        """Return all records, or those of one namespace."""
        with self._lock:
            if namespace is not None:
                return tuple(self._records.get(namespace, {}).values())
            return tuple(r for records in self._records.values() for r in records.values())

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._records.values()))

    def upsert(self, record: T) -> None:
        """Take in a record that a watch showed as added or modified."""
        self._change([record])

    def delete(self, record: Record) -> None:
        """Take out a record that a watch showed as deleted, unless another has its name by now."""
        self._change([], gone=[record])

    def replace(
        self,
        records: Iterable[T],
        *,
        namespace: str | None = None,
        unreadable: Iterable[Record] = (),
    ) -> None:
        """Take `records` for all that exist (in `namespace` where given), as a LIST showed it.

        Those that are `unreadable` exist too: what is known of them stays as it is.
        """
        listed = list(records)
        uids = {record.uid for record in listed} | {one.uid for one in unreadable}
        gone = [record for record in self.values(namespace) if record.uid not in uids]
        self._change(listed, gone=gone)

    def _change(self, changed: Iterable[T], gone: Iterable[Record] = ()) -> None:
        told: list[tuple[T | None, T | None]] = []
        with self._lock:
            for record in gone:
                old = self._records.get(record.namespace, {}).get(record.name)
                if old is not None and old.uid == record.uid:
                    self._set(old, None)
                    told.append((old, None))
            for record in changed:
                old = self._records.get(record.namespace, {}).get(record.name)
                if old is not None and old.uid != record.uid:
                    self._set(old, None)
                    told.append((old, None))
                    old = None
                if old != record:
                    self._set(old, record)
                    told.append((old, record))
        for pair in told:
            for callback in self._subscribers:
                callback(*pair)

    def _set(self, old: T | None, new: T | None) -> None:
        """Put `new` in the place of `old`; both name the same object."""
        if new is not None:
            self._records.setdefault(new.namespace, {})[new.name] = new
        elif old is not None:
            records = self._records[old.namespace]
            del records[old.name]
            if not records:
                del self._records[old.namespace]


_Labels = frozenset[tuple[str, str]]


class PodCache(ObjectCache[Pod]):
    """All pods, found by selector, by claim and by uid.

    Pods with equal labels are one group; selectors match groups, so that memory and time go with
    the number of workloads, not of pods.
    """

    def __init__(self) -> None:
        super().__init__()
        self._uids: dict[PodUid, Pod] = {}
        self._claims: dict[tuple[str, str], dict[str, Pod]] = {}
        self._groups: dict[tuple[str, _Labels], dict[str, Pod]] = {}
        self._pairs: dict[tuple[str, str, str], set[_Labels]] = {}
        self._nodes: Counter[str] = Counter()

    @property
    def node_addresses(self) -> Collection[str]:
        """IP addresses of the nodes that run pods: a live view."""
        return self._nodes.keys()

    def get_uid(self, uid: PodUid) -> Pod | None:
        """Return the pod with that uid, None where there is none."""
        with self._lock:
            return self._uids.get(uid)

    def matching(self, namespace: str, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        """Return the pods that `selector` selects, in name order; an empty one selects none.

        Keys under `kubervisor/` are compared with what the pod's record says of them.
        """
        own = {key: value for key, value in selector.items() if key.startswith(PREFIX)}
        wanted = selector.items() - own.items()
        if not wanted:
            return ()
        with self._lock:
            found = [
                pod
                for labels in self._labels_with(namespace, frozenset(wanted))
                for pod in self._groups[namespace, labels].values()
                if not own or own.items() <= own_labels(pod).items()
            ]
        return tuple(sorted(found, key=lambda pod: pod.name))

    def claimed(self, namespace: str, name: str) -> tuple[Pod, ...]:
        """Return the pods that carry the name of that KubervisorService, in name order."""
        with self._lock:
            pods = list(self._claims.get((namespace, name), {}).values())
        return tuple(sorted(pods, key=lambda pod: pod.name))

    def claimed_names(self) -> set[tuple[str, str]]:
        """Return namespace and name of every KubervisorService that a pod carries the name of."""
        with self._lock:
            return set(self._claims)

    def _labels_with(self, namespace: str, wanted: _Labels) -> list[_Labels]:
        """Return the label sets that contain `wanted`, by way of its rarest pair."""
        drawers = (self._pairs.get((namespace, *pair), set()) for pair in wanted)
        rarest: set[_Labels] = min(drawers, key=len)
        return [labels for labels in rarest if wanted <= labels]

    def _set(self, old: Pod | None, new: Pod | None) -> None:
        super()._set(old, new)
        if old is not None:
            del self._uids[old.uid]
            self._count_node(old, -1)
            self._leave_claim(old)
            if new is None or new.labels != old.labels:
                self._leave_group(old)
        if new is not None:
            self._uids[new.uid] = new
            self._count_node(new, 1)
            if new.claimed_by is not None:
                claim = (new.namespace, new.claimed_by)
                self._claims.setdefault(claim, {})[new.name] = new
            self._join_group(new)

    def _count_node(self, pod: Pod, by: int) -> None:
        self._nodes[pod.node_address] += by
        if not self._nodes[pod.node_address]:
            del self._nodes[pod.node_address]

    def _leave_claim(self, pod: Pod) -> None:
        if pod.claimed_by is not None:
            claim = (pod.namespace, pod.claimed_by)
            del self._claims[claim][pod.name]
            if not self._claims[claim]:
                del self._claims[claim]

    def _join_group(self, pod: Pod) -> None:
        labels = frozenset(pod.labels.items())
        group = self._groups.get((pod.namespace, labels))
        if group is None:
            group = self._groups[pod.namespace, labels] = {}
            for pair in labels:
                self._pairs.setdefault((pod.namespace, *pair), set()).add(labels)
        group[pod.name] = pod

    def _leave_group(self, pod: Pod) -> None:
        labels = frozenset(pod.labels.items())
        group = self._groups[pod.namespace, labels]
        del group[pod.name]
        if group:
            return
        del self._groups[pod.namespace, labels]
        for pair in labels:
            drawer = self._pairs[pod.namespace, *pair]
            drawer.discard(labels)
            if not drawer:
                del self._pairs[pod.namespace, *pair]
