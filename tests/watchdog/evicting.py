"""An evictor in this process, with a book that tests write, against a real API server."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from typing import Self

from kubervisor.kube import paths
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.client import connect
from kubervisor.kube.pod_events import PodEvents
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watch_events import EventType
from kubervisor.kube.watched_pods import WatchedPod, decode_watched_pod
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.telemetry import logs
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.book import Book, Word
from kubervisor.watchdog.evicting import EvictionPolicy
from kubervisor.watchdog.evictor import make_evictor
from playground.access import Cluster
from tests.watchdog.shop import WITHIN, ShopPod


class CountedBook(Book):
    """One that remembers what each scan has read in it."""

    def __init__(self) -> None:
        super().__init__()
        self.scans: list[frozenset[PodUid]] = []
        self._scanned = threading.Condition()

    def failing(self, now: float) -> Mapping[PodUid, tuple[str, ...]]:
        found = super().failing(now)
        with self._scanned:
            self.scans.append(frozenset(found))
            self._scanned.notify_all()
        return found

    def wait_scans(self, more: int) -> None:
        """Return once so many scans more have begun: what was due before the last is done."""
        with self._scanned:
            wanted = len(self.scans) + more
            assert self._scanned.wait_for(lambda: len(self.scans) >= wanted, WITHIN)

    def fail(self, *pods: ShopPod) -> None:
        """The watchdog of these pods is in error from now on."""
        for pod in pods:
            self.note(PodUid(pod.uid), "watchdog1", Word(Level.ERROR, 0.0, "full", math.inf))

    def clear(self, *pods: ShopPod) -> None:
        """It is in error no more."""
        for pod in pods:
            self.forget(PodUid(pod.uid))


class Evicting:
    """Watches a namespace's pods and evicts by the book until closed."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        policy: EvictionPolicy,
        book: CountedBook,
        *,
        tells: bool = True,
    ) -> None:
        """Without `tells` nobody takes the Events, as where the API server refuses them all."""
        self.door = connect(str(cluster.kubeconfig), user_agent="test")
        self._cache: ObjectCache[WatchedPod] = ObjectCache()
        self._stop = threading.Event()
        reflector = Reflector(
            self.door,
            paths.collection(paths.PODS, namespace),
            decode=decode_watched_pod,
            on_replace=lambda pods, _: self._cache.replace(pods, namespace=namespace),
            on_event=self._changed,
            name="pods",
            stop=self._stop,
        )
        events = PodEvents(
            self.door, "kubervisor.k8s.io/controller", "test", capacity=1000 if tells else 1
        )
        self.loop: Loop = make_evictor(
            api=self.door,
            may_write=lambda: None,
            book=book,
            pods=self._pods,
            events=events,
            policy=policy,
            namespaces=(namespace,),
            clock=Clock(),
            log=logs.get("evictor"),
        )
        with ExitStack() as stack:
            stack.callback(self.door.close)
            writer = threading.Thread(target=events.run, args=(self._stop,))
            reader = threading.Thread(target=reflector.run)
            for thread in (reader, writer) if tells else (reader,):
                thread.start()
                stack.callback(thread.join)
            stack.callback(reflector.interrupt)
            stack.callback(self._stop.set)
            assert reflector.synced.wait(WITHIN)
            self._stack = stack.pop_all()
        self.loop.start()

    def close(self) -> None:
        """End it; what it counted is lost."""
        self.loop.stop()
        assert self.loop.join(WITHIN)
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pods(self) -> Collection[WatchedPod]:
        return self._cache.values()

    def _changed(self, kind: EventType, pod: WatchedPod) -> None:
        if kind is EventType.DELETED:
            self._cache.delete(pod)
        else:
            self._cache.upsert(pod)
