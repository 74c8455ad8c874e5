"""The pods that have watchdogs, as the watch has shown them; of all others nothing is kept."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from functools import partial

from kubervisor.kube import paths
from kubervisor.kube.caches import Changes, ObjectCache
from kubervisor.kube.client import Api
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Raw, Unreadable, or_unreadable
from kubervisor.kube.watch_events import EventType
from kubervisor.kube.watched_pods import WatchedPod, decode_watched_pod
from kubervisor.kube.watches import Count, LeftOut

NAME = "pods"
_Read = WatchedPod | Unreadable


class WatchedPods(ObjectCache[WatchedPod]):
    """By namespace and name; a pod that loses its last watchdog is told of as one that went."""

    def __init__(self) -> None:
        super().__init__()
        self._counting = threading.Lock()  # a node has pods of many namespaces
        self._nodes: Counter[str] = Counter()

    @property
    def node_addresses(self) -> Collection[str]:
        """IP addresses of the nodes that these pods run on: a live view."""
        return self._nodes.keys()

    def _tell(self, changes: Changes[WatchedPod]) -> None:
        with self._counting:
            for old, new in changes:
                if new is not None:
                    self._nodes[new.node_address] += 1
                if old is not None:
                    self._nodes[old.node_address] -= 1
                    if not self._nodes[old.node_address]:
                        del self._nodes[old.node_address]
        super()._tell(changes)


def watch_pods(
    api: Api,
    namespaces: Iterable[str],
    cache: WatchedPods,
    *,
    stop: threading.Event,
    count: Count,
    left_out: LeftOut,
) -> tuple[Reflector[_Read], ...]:
    """A reflector that keeps `cache`, or one for each namespace where some are named."""
    read = or_unreadable(decode_watched_pod)

    def read_once(raw: Raw) -> _Read:
        # A LIST mostly repeats what is held: it must not stand beside it until its end.
        return cache.held(read(raw))

    def replace(namespace: str | None, found: list[_Read], _: float) -> None:
        unreadable = [one for one in found if isinstance(one, Unreadable)]
        for one in unreadable:
            left_out(NAME, one)
        watched = [one for one in found if isinstance(one, WatchedPod) and one.is_watched]
        cache.replace(watched, namespace=namespace, unreadable=unreadable)

    def change(kind: EventType, pod: _Read) -> None:
        if isinstance(pod, Unreadable) and kind is not EventType.DELETED:
            left_out(NAME, pod)
        elif isinstance(pod, Unreadable) or kind is EventType.DELETED or not pod.is_watched:
            cache.delete(pod)
        else:
            cache.upsert(pod)

    return tuple(
        Reflector(
            api,
            paths.collection(paths.PODS, namespace),
            decode=read_once,
            on_replace=partial(replace, namespace),
            on_event=change,
            name=f"{NAME}/{namespace}" if namespace else NAME,
            stop=stop,
            count=lambda restart: count(NAME, restart),
        )
        for namespace in tuple(namespaces) or (None,)
    )
