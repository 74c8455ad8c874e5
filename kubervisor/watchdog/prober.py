"""Probes the watchdogs of all pods on one thread, each at its own pace and never twice at a time.

Whoever may patch a pod says what is probed of it: so how many probes are under way is bounded, for
each pod and for all, and a pod that does not answer is asked less often.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from kubervisor.kube.caches import Changes
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.book import Book
from kubervisor.watchdog.inquiry import Inquiry, Watchdog
from kubervisor.watchdog.probes import Probe, Tuning, Unusable, read_probes

BEAT_SECONDS = 10.0
AT_ONCE = 2
"""Probes of one pod under way: a watchdog that hangs must not keep up another, nor sixteen of them
everybody's.
"""


class Pods(Protocol):
    """The watched pods as the watch has shown them."""

    def get(self, namespace: str, name: str) -> WatchedPod | None: ...
    def values(self) -> tuple[WatchedPod, ...]: ...


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """What the administrator sets: how to probe where a pod does not say, which ports may be
    probed, and how many probes may be under way at once.
    """

    defaults: Tuning
    ports: range
    at_once: int


class Prober:
    """`run` belongs to a thread; `told` and `stop` may be called by any.

    `last_beat` is when its thread was last seen to turn (monotonic seconds).
    """

    def __init__(
        self, pods: Pods, inquiry: Inquiry, book: Book, rules: ProbeRules, *, clock: Clock
    ) -> None:
        self._pods, self._inquiry, self._book, self._rules = pods, inquiry, book, rules
        self._clock = clock
        self._watchdogs: dict[PodUid, dict[str, Watchdog]] = {}
        self._turns: dict[PodUid, asyncio.Semaphore] = {}
        self._slots, self._ended = asyncio.Semaphore(rules.at_once), asyncio.Event()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: deque[tuple[WatchedPod | None, WatchedPod | None]] = deque()
        self._is_stopped = False
        self._fault: Exception | None = None
        self.last_beat = clock.monotonic()

    def told(self, changes: Changes[WatchedPod]) -> None:
        """Take up what has changed: a subscriber of the cache."""
        with self._lock:
            if self._loop is None:
                return
            if not self._news:
                self._loop.call_soon_threadsafe(self._take_up)
            self._news.extend(changes)

    def run(self) -> None:
        """Probe until stopped. Raises what was no pod's fault: then nothing is probed any more."""
        asyncio.run(self._main())
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Probe nothing more; what is under way is broken off. Returns at once."""
        with self._lock:
            self._is_stopped = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._ended.set)

    async def _main(self) -> None:
        with self._lock:
            if self._is_stopped:
                return
            self._loop = asyncio.get_running_loop()
        self._beat()
        # What changes from now on is told, perhaps a second time.
        for pod in self._pods.values():
            self._look_after(pod)
        await self._ended.wait()
        with self._lock:
            self._loop = None
        for uid in list(self._watchdogs):
            self._leave(uid)

    def _beat(self) -> None:
        self.last_beat = self._clock.monotonic()
        asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)

    def _take_up(self) -> None:
        with self._lock:
            news = list(self._news)
            self._news.clear()
        try:
            for old, new in news:
                if new is not None:
                    self._look_after(new)
                elif old is not None:
                    self._leave(old.uid)
        except Exception as error:  # noqa: BLE001 - half of the pods unwatched is worse than an end
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._fault = error
        self._ended.set()

    def _look_after(self, pod: WatchedPod) -> None:
        """Have its watchdogs be those that it asks for now."""
        wanted = self._wanted(pod)
        mine = self._watchdogs.get(pod.uid, {})
        for name in [name for name, one in mine.items() if wanted.get(name) != one.probe]:
            mine.pop(name).end()
            self._book.forget(pod.uid, name)
        for name in self._book.of(pod.uid).keys() - wanted.keys():
            self._book.forget(pod.uid, name)
        for name, probe in wanted.items():
            if isinstance(probe, Unusable):
                self._inquiry.refuse(pod, name, probe.why)
            elif name in mine:
                self._renew(mine[name], pod)
            else:
                self._begin(Watchdog(pod, name, probe))

    def _leave(self, uid: PodUid) -> None:
        """The pod is gone: probe its watchdogs no more, and forget what they said."""
        for watchdog in self._watchdogs.pop(uid, {}).values():
            watchdog.end()
        self._turns.pop(uid, None)
        self._book.forget(uid)

    def _wanted(self, pod: WatchedPod) -> dict[str, Probe | Unusable]:
        if not pod.is_up or not (pod.address or pod.on_host_network):
            return {}
        urls, settings = dict(pod.probes), dict(pod.probe_settings)
        probes = read_probes(urls, settings, self._rules.defaults, self._rules.ports)
        if not pod.on_host_network:
            return probes
        why = "pods of the host network are not probed: their address is the node's"
        return dict.fromkeys(probes, Unusable(why))

    def _begin(self, watchdog: Watchdog) -> None:
        self._watchdogs.setdefault(watchdog.pod.uid, {})[watchdog.name] = watchdog
        # Anywhere in the period: a fleet that comes at once is not probed at once.
        self._wait(watchdog, random.random() * watchdog.probe.tuning.period)

    def _renew(self, watchdog: Watchdog, pod: WatchedPod) -> None:
        """Another state of its pod: one that becomes ready, or has a new address, may answer."""
        old, watchdog.pod = watchdog.pod, pod
        back = (pod.ready and not old.ready) or pod.address != old.address
        if back and watchdog.timer is not None and watchdog.known.silent:
            watchdog.timer.cancel()
            due = watchdog.began + watchdog.probe.tuning.period
            self._wait(watchdog, max(0.0, due - self._clock.monotonic()))

    def _wait(self, watchdog: Watchdog, seconds: float) -> None:
        watchdog.due = self._clock.monotonic() + seconds
        watchdog.timer = asyncio.get_running_loop().call_later(seconds, self._due, watchdog)

    def _due(self, watchdog: Watchdog) -> None:
        watchdog.timer = None
        watchdog.task = asyncio.get_running_loop().create_task(self._probe(watchdog))

    async def _probe(self, watchdog: Watchdog) -> None:
        turn = self._turns.setdefault(watchdog.pod.uid, asyncio.Semaphore(AT_ONCE))
        try:
            async with turn, self._slots:
                wait = await self._inquiry.make(watchdog)
        except Exception as error:  # noqa: BLE001 - it would not be probed ever again
            self._fail(error)
        else:
            watchdog.task = None
            self._wait(watchdog, wait)
