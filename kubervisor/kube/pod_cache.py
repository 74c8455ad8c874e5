"""The pods that the watch has shown, indexed for the questions that every evaluation asks."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from itertools import chain
from operator import attrgetter

from kubervisor.kube.caches import Changes, ObjectCache, Record, Shelf
from kubervisor.kube.records import own_labels
from kubervisor.kube.seqlock import SeqLock
from kubervisor.traffic.keys import NAME, PREFIX
from kubervisor.traffic.model import Pod, PodUid

_Labels = frozenset[tuple[str, str]]
_EMPTY = set[_Labels]()
_name = attrgetter("name")


class PodShelf(Shelf[Pod]):
    """Pods with equal labels, and our name on them or none, are one group: a tuple in name order.

    Selectors match groups, so that memory and time go with the number of workloads, not of pods.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = SeqLock()
        self._groups: dict[_Labels, tuple[Pod, ...]] = {}
        self._drawers = defaultdict[tuple[str, str], set[_Labels]](set)
        """The groups with a label."""

    def matching(self, wanted: _Labels) -> tuple[Pod, ...]:
        """Return the pods with all labels in `wanted`, in name order; ours are the name alone."""
        groups = self._lock.read(self._with, wanted)
        if len(groups) == 1:
            return groups[0]
        return tuple(sorted(chain.from_iterable(groups), key=_name))

    def claims(self) -> set[str]:
        """Return the names of the KubervisorServices that pods carry."""
        return {name for label, name in self._drawers.copy() if label == NAME}

    def fill(self, records: dict[str, Pod]) -> None:
        """Take `records`, by their names, for its own; nobody reads it yet."""
        self.records = records  # grouped at once, which is faster than one after the other
        groups = defaultdict[_Labels, list[Pod]](list)
        for pod in records.values():
            groups[_labels(pod)].append(pod)
        for labels, pods in groups.items():
            self._open(labels, tuple(sorted(pods, key=_name)))

    def put(self, old: Pod | None, new: Pod | None) -> None:
        """Put `new` in the place of `old`; both have the same name."""
        left = None if old is None else _labels(old)
        joined = left if _alike(old, new) else None if new is None else _labels(new)
        if old is not None and new is not None:
            new.name = old.name  # type: ignore[misc]  # one object, as the key is; nobody has it yet
        with self._lock:
            super().put(old, new)
            if old is not None and left is not None and left != joined:
                self._leave(left, old)
            if new is not None and joined is not None:
                self._join(joined, new)

    def _with(self, wanted: _Labels) -> list[tuple[Pod, ...]]:
        """The groups whose labels contain `wanted`, by way of its rarest pair."""
        rarest = min((self._drawers.get(pair, _EMPTY) for pair in wanted), key=len)
        return [self._groups.get(labels, ()) for labels in rarest.copy() if wanted <= labels]

    def _open(self, labels: _Labels, pods: tuple[Pod, ...]) -> None:
        self._groups[labels] = pods
        for pair in labels:
            self._drawers[pair].add(labels)

    def _join(self, labels: _Labels, pod: Pod) -> None:
        pods = self._groups.get(labels)
        if pods is None:
            self._open(labels, (pod,))
            return
        at = bisect_left(pods, pod.name, key=_name)
        after = at + 1 if at < len(pods) and pods[at].name == pod.name else at
        self._groups[labels] = (*pods[:at], pod, *pods[after:])

    def _leave(self, labels: _Labels, pod: Pod) -> None:
        pods = self._groups[labels]
        if len(pods) > 1:
            at = bisect_left(pods, pod.name, key=_name)
            self._groups[labels] = pods[:at] + pods[at + 1 :]
            return
        del self._groups[labels]
        for pair in labels:
            self._drawers[pair].discard(labels)
            if not self._drawers[pair]:
                del self._drawers[pair]


class PodCache(ObjectCache[Pod]):
    """All pods, found by selector, by claim and by uid."""

    def __init__(self) -> None:
        super().__init__(PodShelf)
        self._counting = threading.Lock()  # a node has pods of many namespaces
        self._nodes: Counter[str] = Counter()

    @property
    def node_addresses(self) -> Collection[str]:
        """IP addresses of the nodes that run pods: a live view."""
        return self._nodes.keys()

    def get_uid(self, uid: PodUid) -> Pod | None:
        """Return the pod with that uid, None where there is none. Looks at one after the other:
        who takes over asks for a few, and an index would be a tenth of all that a pod costs.
        """
        return next((pod for pod in self.values() if pod.uid == uid), None)

    def known_name(self, name: str, namespace: str | None) -> str:
        """Return `name`, as the object that the pod's record holds if there is such a pod: of
        150,000 pods, 10 MB for each who remembers their names.
        """
        pod = self.get(namespace, name) if namespace else None
        return name if pod is None else pod.name

    def matching(self, namespace: str, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        """Return the pods that `selector` selects, in name order; an empty one selects none.

        The tuple is the same one as before where nothing has changed and the pods' labels are
        equal. Keys under `kubervisor/` are compared with what the pod's record says of them.
        """
        own = {key: value for key, value in selector.items() if key.startswith(PREFIX)}
        wanted = frozenset(selector.items() - own.items())
        shelf = self._shelves.get(namespace)
        if not wanted or not isinstance(shelf, PodShelf):
            return ()
        found = shelf.matching(wanted)
        if not own:
            return found
        return tuple(pod for pod in found if own.items() <= own_labels(pod).items())

    def claimed(self, namespace: str, name: str) -> tuple[Pod, ...]:
        """Return the pods that carry the name of that KubervisorService, in name order."""
        shelf = self._shelves.get(namespace)
        return shelf.matching(frozenset({(NAME, name)})) if isinstance(shelf, PodShelf) else ()

    def claimed_names(self) -> set[tuple[str, str]]:
        """Return namespace and name of every KubervisorService that a pod carries the name of."""
        return {
            (namespace, name)
            for namespace, shelf in self._shelves.copy().items()
            if isinstance(shelf, PodShelf)
            for name in shelf.claims()
        }

    def _is_newer(self, record: Record, held: Record) -> bool:
        return isinstance(record, Pod) and isinstance(held, Pod) and record.version != held.version

    def _renew(self, held: Pod, record: Pod) -> None:
        # In its place: a new record would be a new tuple of all pods of its group.
        held.version = record.version  # type: ignore[misc]  # to all others it is frozen

    def _tell(self, changes: Changes[Pod]) -> None:
        for old, new in changes:
            if old is None or new is None or old.node_address != new.node_address:
                self._count(old, new)
        super()._tell(changes)

    def _count(self, old: Pod | None, new: Pod | None) -> None:
        with self._counting:
            if new is not None:
                self._nodes[new.node_address] += 1
            if old is not None:
                self._nodes[old.node_address] -= 1
                if not self._nodes[old.node_address]:
                    del self._nodes[old.node_address]


def _labels(pod: Pod) -> _Labels:
    """The labels by which `pod` is found: none of ours but the name."""
    if pod.claimed_by is None:
        return frozenset(pod.labels.items())
    return frozenset([*pod.labels.items(), (NAME, pod.claimed_by)])


def _alike(old: Pod | None, new: Pod | None) -> bool:
    """True where both are surely of one group: most changes of a pod leave its labels alone."""
    return (
        old is not None
        and new is not None
        and old.labels is new.labels
        and old.claimed_by == new.claimed_by
    )
