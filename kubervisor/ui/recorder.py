"""Remembers what Breakers judge, for whoever opens the dashboard later.

A Breaker calls the recorder after each judgement, with the Service's lock held. Nearly always there
is nothing to do: one sample a minute is kept, and steps in which somebody is an outlier. Services
take theirs at different seconds of the minute, and the first one not at once: when a controller
begins, all of them are to be evaluated, and pictures can wait.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import chain

from kubervisor.runtime.desk import Desk
from kubervisor.runtime.ledger import Decision, KeptOutlier
from kubervisor.traffic.budget import cap_of, fleet_floor
from kubervisor.traffic.model import Fleet, PodUid, ServiceKey, Traffic
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.verdict import Finding, Verdict
from kubervisor.ui.history import History
from kubervisor.ui.lately import Lately
from kubervisor.ui.memory import MINUTE, Look, Memory, Told
from kubervisor.ui.samples import cell_of, cells_of, lines_of
from kubervisor.ui.tally import Count

DECISIONS, DECISION_BYTES = 200, 2 * 2**20
FOUND = 50
"""Outliers of one step whose numbers are kept until it is known what was decided on them, and
outliers kept in traffic, those of the longest standing, that are told of.
"""
REFUSED = "Refused"
_ON_A_FINDING = frozenset({"Ejected", "WouldEject", REFUSED})


@dataclass(slots=True)
class _Service:
    """One Service's book. `second` is that of the minute at which it is sampled, `due` when next
    (Unix seconds), by breaker; `version` grows with each change of a sample.
    """

    desk: Desk
    second: float
    version: int = 0
    due: dict[str, float] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    kept: tuple[KeptOutlier, ...] = ()
    refused: dict[KeptOutlier, Told] = field(default_factory=dict)
    found: dict[str, dict[PodUid, Finding]] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)


class Recorder:
    """Thread-safe: all Breakers write, the dashboard reads. `watch` says of which Services the
    newest findings are to be kept too. `spread` draws the part of the minute at which a Service is
    sampled, from 0 to 1.
    """

    def __init__(
        self, history: History | None = None, *, spread: Callable[[], float] = random.random
    ) -> None:
        self._history, self._spread = history or History(), spread
        self._told: Lately[Told] = Lately(_size, each=DECISIONS, most_bytes=DECISION_BYTES)
        self._services: dict[ServiceKey, _Service] = {}
        self._watched: frozenset[ServiceKey] = frozenset()
        self._minute = 0
        self._failed: set[ServiceKey] = set()
        self._lock = threading.Lock()

    def __call__(self, desk: Desk, breaker: BreakerPolicy, fleet: Fleet, verdict: Verdict) -> None:
        """Take note of a judgement; called under the desk's lock. Raises nothing: a Breaker needs
        no dashboard. What goes wrong is logged once for each Service.
        """
        try:
            self._note(desk, breaker, fleet, verdict)
        except Exception as error:
            key = desk.assignment.key
            if key not in self._failed:
                self._failed.add(key)
                desk.log.exception("Could not keep a sample", error=str(error))

    def _note(self, desk: Desk, breaker: BreakerPolicy, fleet: Fleet, verdict: Verdict) -> None:
        key, now = desk.assignment.key, desk.shared.clock.wall()
        book = self._services.get(key)
        if book is None or book.desk is not desk:
            book = self._begin(key, desk)
        if key in self._watched:
            book.looks[breaker.name] = Look(verdict.taken_at, tuple(verdict.findings))
        if book.decisions is not desk.ledger.decisions or book.kept or desk.ledger.kept:
            with self._lock:
                self._collect(key, book)
        if self._is_due(book, breaker, now, bool(verdict.outliers)):
            book.due[breaker.name] = _after(now, book.second)
            self._sample(desk, breaker, fleet, verdict, int(now) // MINUTE)
            book.version += 1
        elif verdict.outliers:
            self._amend(key, breaker, fleet, verdict)
            book.version += 1
        if verdict.outliers or breaker.name in book.found:
            book.found[breaker.name] = {f.pod: f for f in verdict.outliers[:FOUND]}

    def watch(self, keys: Iterable[ServiceKey]) -> None:
        """Somebody looks at these Services now, and at no others."""
        before, self._watched = self._watched, frozenset(keys)
        for key in before - self._watched:
            if (book := self._services.get(key)) is not None:
                book.looks = {}

    def read(self, key: ServiceKey) -> Memory:
        """What is known of a Service by now."""
        with self._lock:
            book, past = self._services.get(key), self._history.get(key)
            if book is not None:
                self._collect(key, book)
            return Memory(
                rings={name: ring.copy() for name, ring in past.rings.items()} if past else {},
                tally=past.tally.copy() if past else None,
                told=self._told.of(key),
                # A step under way as the last reader goes may leave a look, which grows old.
                looks=book.looks.copy() if book and key in self._watched else {},
            )

    def version(self, key: ServiceKey) -> int:
        """A number that changes whenever a sample of the Service does; 0 where there is none."""
        book = self._services.get(key)
        return book.version if book else 0

    def _begin(self, key: ServiceKey, desk: Desk) -> _Service:
        with self._lock:
            self._forget(key)
            book = self._services[key] = _Service(desk, MINUTE * self._spread())
        return book

    def _is_due(self, book: _Service, breaker: BreakerPolicy, now: float, outliers: bool) -> bool:
        due = book.due.setdefault(breaker.name, now)
        if due == now and breaker.period < MINUTE and not outliers:
            return False  # the first of many evaluations
        return not 0 < due - now <= 2 * MINUTE  # neither not yet, nor by a clock set back

    def _sample(
        self, desk: Desk, breaker: BreakerPolicy, fleet: Fleet, verdict: Verdict, minute: int
    ) -> None:
        key, policy = desk.assignment.key, desk.assignment.policy
        cells, (baseline, threshold) = cells_of(fleet, verdict), lines_of(verdict)
        paused = sum(pod.traffic is Traffic.PAUSE for pod in fleet.out)
        count = Count(
            members=fleet.size,
            serving=len(fleet.serving),
            ejected=len(fleet.out) - paused,
            paused=paused,
            floor=fleet_floor(fleet.size, policy),
            cap=cap_of(fleet.size, policy.budget),
        )
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._forget_gone()
            self._history.keep(key, (one.name for one in policy.breakers))
            self._history.begin(key).tally.put(minute, count)
            ring = self._history.ring(key, breaker.name)
            ring.put(minute, fleet.pods, cells, baseline=baseline, threshold=threshold)
            self._history.fit(key, breaker.name)

    def _amend(
        self, key: ServiceKey, breaker: BreakerPolicy, fleet: Fleet, verdict: Verdict
    ) -> None:
        """Outliers take the place of what their pods were earlier in the minute."""
        members = {pod.uid: pod for pod in fleet.pods}
        cells = [
            (pod, cell_of(fleet, pod, finding))
            for finding in verdict.outliers
            if (pod := members.get(finding.pod)) is not None
        ]
        with self._lock:
            ring = self._history.ring(key, breaker.name)
            for whose, cell in cells:
                ring.amend(whose, cell)

    def _collect(self, key: ServiceKey, book: _Service) -> None:
        """Take note of what was decided since the last time."""
        ledger, now = book.desk.ledger, book.desk.shared.clock.wall()
        known = set(map(id, book.decisions))
        decisions = ledger.decisions
        for decision in decisions:
            if id(decision) not in known:
                self._told.add(key, Told(decision, _finding(book, decision)))
        book.decisions = decisions
        everyone = chain.from_iterable(tuple(ledger.kept.values()))
        kept = tuple(nsmallest(FOUND, everyone, key=lambda one: (one.since, one.uid)))
        for one in kept:
            if one not in book.refused:
                decision = Decision(
                    *(one.since, REFUSED, one.pod, one.uid, one.breaker, one.reason, one.evidence)
                )
                told = book.refused[one] = Told(decision, _finding(book, decision))
                self._told.add(key, told)
        for gone in book.refused.keys() - set(kept):
            book.refused.pop(gone).until = now
        book.kept = kept

    def _forget_gone(self) -> None:
        for key, book in list(self._services.items()):
            if book.desk.stopped.is_set():
                self._forget(key)

    def _forget(self, key: ServiceKey) -> None:
        self._services.pop(key, None)
        self._history.forget(key)
        self._told.forget(key)


def _after(now: float, second: float) -> float:
    """The next time it is that second of a minute; another minute than this one."""
    return (now // MINUTE + 1) * MINUTE + second


def _finding(book: _Service, decision: Decision) -> Finding | None:
    if decision.action not in _ON_A_FINDING:
        return None
    return book.found.get(decision.breaker, {}).get(PodUid(decision.uid))


def _size(told: Told) -> int:
    decision = told.decision
    return 1000 + len(decision.evidence) + len(decision.pod)
