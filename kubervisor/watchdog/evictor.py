"""Evicts pods that stay in error: scan, plan, ask the API server, tell.

It needs the prober's book, the watch on pods and the API server, and nothing else: no failure
elsewhere delays it. Scans are counted in this process alone, so after a restart, or with another
leader, no pod is evicted before it was found in error in so many scans again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, NotFound, Throttled
from kubervisor.kube.client import Api
from kubervisor.kube.evictions import Evictions
from kubervisor.kube.pod_events import PodEvents
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.loop import Loop
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.evicting import (
    EvictionIntent,
    EvictionPolicy,
    FailingPods,
    Wait,
    plan_evictions,
)
from kubervisor.watchdog.eviction_news import EvictionNews, Outcome
from kubervisor.watchdog.limits import Ledger, Watched
from kubervisor.watchdog.past_evictions import past_evictions
from kubervisor.watchdog.scans import Scans

Pods = Callable[[], Collection[Watched]]
"""The pods with watchdogs, as the watch has shown them."""


class Evictor:
    """`step` is called by a Loop of the leader, on a thread that nobody else uses."""

    def __init__(
        self,
        *,
        book: FailingPods,
        pods: Pods,
        evictions: Evictions,
        past: Callable[[], Ledger],
        news: EvictionNews,
        policy: EvictionPolicy,
        clock: Clock,
    ) -> None:
        """`past` is asked once, at the first scan, for the evictions of the last hour."""
        self._book, self._pods, self._evictions = book, pods, evictions
        self._news, self._policy, self._clock = news, policy, clock
        self._scans, self._past = Scans(), past
        self._ledger: Ledger | None = None
        self._waits: dict[PodUid, Wait] = {}

    def step(self) -> float:
        """Take a scan where one is due, and evict what it leads to; the seconds until the next.

        Raises ApiUnavailable where the API server does not answer: what is left waits for the next
        scan.
        """
        now = self._clock.monotonic()
        if wait := self._due_in():
            return wait
        ledger = self._ledger = self._ledger or self._past()
        pods = self._pods()
        failing = self._failing(pods, now)
        self._scans = self._scans.after(failing.keys(), now, self._policy.period)
        ledger.look(pods, now)
        self._waits = {uid: wait for uid, wait in self._waits.items() if uid in failing}
        self._news.forget_all_but(failing.keys())
        plan = plan_evictions(
            failing,
            pods,
            self._scans,
            ledger,
            self._policy,
            waits=self._waits,
            now=now,
        )
        for refusal in plan.refusals:
            self._news.refused(refusal)
        for intent in plan.intents:
            if not self._due_in():
                break  # the next scan is more urgent: a late one would lose count
            self._evict(intent, pods, ledger)
        return self._due_in()

    def _due_in(self) -> float:
        return self._scans.due_in(self._clock.monotonic(), self._policy.period)

    def _failing(self, pods: Collection[Watched], now: float) -> Mapping[PodUid, tuple[str, ...]]:
        probed = self._book.failing(now)
        if not self._policy.trust_posted:
            return probed
        wall = self._clock.wall()
        failing = dict(probed)
        for pod in pods:
            # A probe's last word is the book's to know: what is written may be older.
            posted = (s for s in pod.statuses if not s.is_probed and s.is_failure)
            if names := tuple(status.name for status in posted if status.counts(wall)):
                failing[pod.uid] = (*failing.get(pod.uid, ()), *names)
        return failing

    def _evict(self, intent: EvictionIntent, pods: Collection[Watched], ledger: Ledger) -> None:
        """Evict the pod, unless it is another one by now. Raises ApiUnavailable."""
        if self._policy.dry_run:
            self._news.would_evict(intent)
            return
        try:
            pod = self._evictions.read(intent.pod.namespace, intent.pod.name, intent.pod.uid)
            if pod.deleting or pod.owner != intent.pod.owner:
                return  # it goes already, or it is for another owner to replace: look again
            with self._entry(ledger, intent, pods):
                self._evictions.evict(pod, grace=self._policy.grace)
        except (NotFound, Conflict) as error:
            self._news.changed(intent, error)
        except Throttled as error:
            why = f"a PodDisruptionBudget refuses its eviction: {error}"
            self._defer(intent, why, Outcome.DEFERRED, at_least=error.retry_after)
        except ApiError as error:
            self._defer(intent, f"the API server fails its eviction: {error}", Outcome.FAILED)
            if isinstance(error, ApiUnavailable) and not error.status:
                raise  # no answer at all: the others would wait for theirs in vain
        else:
            self._news.evicted(intent)

    @contextmanager
    def _entry(
        self, ledger: Ledger, intent: EvictionIntent, pods: Collection[Watched]
    ) -> Iterator[None]:
        """What is done in it counts as an eviction, also where nobody knows."""
        try:
            yield
        except ApiUnavailable as error:
            if error.sent:
                ledger.add(intent.pod, pods, self._clock.monotonic())
            raise
        ledger.add(intent.pod, pods, self._clock.monotonic())

    def _defer(
        self, intent: EvictionIntent, why: str, outcome: Outcome, *, at_least: float = 0.0
    ) -> None:
        uid = intent.pod.uid
        wait = self._waits.get(uid, Wait())
        self._waits[uid] = wait.longer(self._scans.number, self._policy, at_least=at_least)
        self._news.deferred(intent, why, outcome)


def make_evictor(
    *,
    api: Api,
    may_write: Callable[[], None],
    book: FailingPods,
    pods: Pods,
    events: PodEvents,
    policy: EvictionPolicy,
    namespaces: Iterable[str] = (),
    clock: Clock,
    log: Log,
) -> Loop:
    """The loop of an evictor, to be started by whoever leads; `may_write` raises LeadershipLost.

    `api` should be nobody else's: the evictor waits for no other part's requests.
    """

    def past() -> Ledger:
        if policy.dry_run:
            return Ledger()  # a dry run counts no evictions, nor has it the right to see them
        return past_evictions(api, namespaces, events.component, clock=clock, log=log)

    evictor = Evictor(
        book=book,
        pods=pods,
        evictions=Evictions(api, may_write),
        past=past,
        news=EvictionNews(events, log),
        policy=policy,
        clock=clock,
    )
    scheduler = Scheduler("evictor", clock)
    return Loop("evictor", "evictor", evictor.step, scheduler=scheduler, clock=clock, log=log)
