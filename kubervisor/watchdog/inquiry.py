"""Asks one watchdog, judges what it says, and writes that into the book."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from kubervisor.errors import SourceError, SourceNotAllowed
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.sources.probe import ProbeReply
from kubervisor.telemetry import watchdog_metrics
from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.book import Book, Word
from kubervisor.watchdog.probes import Probe
from kubervisor.watchdog.probing import Heard, Judgement, hear, judge, rest

SLACK = 30.0
"""Seconds after the time for the next answer until the last one is old: slots may be taken."""

PodKey = tuple[str, str]
"""Namespace and name."""


class Ask(Protocol):
    """One probe; raises SourceError. `ProbeClient.ask` is one."""

    async def __call__(
        self, address: str, port: int, target: str, *, tls: bool, timeout: float
    ) -> ProbeReply: ...


@dataclass(eq=False, slots=True)
class Watchdog:
    """One watchdog of one pod: `timer` runs until its next probe is `due`, or `task` probes since
    it `began` (monotonic seconds). Its level holds `since` then (Unix seconds).
    """

    pod: WatchedPod
    name: str
    probe: Probe
    known: Judgement = field(default_factory=Judgement)
    since: float = 0.0
    due: float = 0.0
    began: float = 0.0
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """Never ask it again; a probe under way is broken off."""
        for what in (self.timer, self.task):
            if what is not None:
                what.cancel()


class Inquiry:
    """`changed` hears of each pod of which the book says something new."""

    def __init__(
        self, ask: Ask, book: Book, *, changed: Callable[[PodKey], None], clock: Clock
    ) -> None:
        self._ask, self._book = ask, book
        self._changed, self._clock = changed, clock

    async def make(self, watchdog: Watchdog) -> float:
        """Ask `watchdog`; returns the seconds until it should be asked again."""
        watchdog.began = self._clock.monotonic()
        watchdog_metrics.PROBE_LATENESS.observe(max(0.0, watchdog.began - watchdog.due))
        heard = await self._hear(watchdog)
        if heard is not None:
            self._take_in(watchdog, heard)
        wait = rest(watchdog.known, watchdog.probe.tuning, draw=random.random())
        return max(0.0, watchdog.began + wait - self._clock.monotonic())

    def refuse(self, pod: WatchedPod, name: str, why: str) -> None:
        """Have the watchdog be in error because nobody can ask it."""
        message = f"not probed: {why}"
        last = self._book.of(pod.uid).get(name)
        if last is None or last.probed or last.message != message:
            now = self._clock.wall()
            self._book.note(pod.uid, name, Word(Level.ERROR, now, message, math.inf, probed=False))
            self._changed((pod.namespace, pod.name))

    async def _hear(self, watchdog: Watchdog) -> Heard | None:
        """What it says; None where it may not be asked."""
        probe, pod = watchdog.probe, watchdog.pod
        try:
            reply = await self._ask(
                pod.address,
                probe.port,
                probe.target,
                tls=probe.tls,
                timeout=probe.tuning.timeout,
            )
        except SourceNotAllowed as error:
            watchdog_metrics.PROBES.labels(error.reason).inc()
            self.refuse(pod, watchdog.name, str(error))
            return None
        except SourceError as error:
            watchdog_metrics.PROBES.labels(error.reason).inc()
            return Heard(Level.ERROR, str(error), answered=False)
        heard = hear(reply.status, reply.level, reply.message)
        watchdog_metrics.PROBES.labels(heard.level.name.title()).inc()
        return heard

    def _take_in(self, watchdog: Watchdog, heard: Heard) -> None:
        pod, tuning = watchdog.pod, watchdog.probe.tuning
        known = judge(watchdog.known, heard, tuning, ready=pod.ready)
        if known.level is not watchdog.known.level:
            watchdog.since = self._clock.wall()
        watchdog.known = known
        if known.level is None:
            return
        until = watchdog.began + rest(known, tuning, draw=1.0) + tuning.timeout + SLACK
        last = self._book.of(pod.uid).get(watchdog.name)
        word = Word(known.level, watchdog.since, known.message, until, silent=known.silent > 0)
        self._book.note(pod.uid, watchdog.name, word)
        if last is None or not last.probed or last.level is not known.level:
            self._changed((pod.namespace, pod.name))
