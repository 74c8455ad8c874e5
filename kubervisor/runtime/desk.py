"""What one Service's Breaker and Activator share: the assignment, the ledger, the lock, the
fleet.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubervisor.kube.events import EventRecorder
from kubervisor.runtime.assignment import Assignment, Reference
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.ledger import Ledger
from kubervisor.runtime.restoring import decisions_in, lost_pods_in
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.runtime.scraping import Scraping
from kubervisor.runtime.storm import EjectionLimit
from kubervisor.sources import Sources
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.membership import members_among
from kubervisor.traffic.model import Fleet, Pod, ServiceKey
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Shared:
    """What all Services of the process share.

    `neighbours` serialises decisions on pods that back several Services; each Service's own lock
    does the rest. `breakers` and `activators` lend them threads. `changed` asks for a
    Service's status to be looked at; `check` raises LeadershipLost where nothing may be written,
    `epoch` counts leaders; `exists` tells whether a KubervisorService (namespace, name) does;
    `bounds` are the administrator's. `recorder` hears of each judgement, with the Service's lock
    held.
    """

    gatherer: Gatherer
    sources: Sources
    fetches: FetchPool
    scraping: Scraping
    ejections: EjectionLimit
    clock: Clock
    log: Log
    events: EventRecorder
    check: Callable[[], None]
    epoch: Callable[[], int]
    changed: Callable[[ServiceKey], None]
    exists: Callable[[str, str], bool]
    bounds: Bounds
    breakers: Scheduler
    activators: Scheduler
    recorder: Callable[[Desk, BreakerPolicy, Fleet, Verdict], None] = lambda *_: None
    neighbours: threading.Lock = field(default_factory=threading.Lock)


class Desk:
    """One Service's desk. `lock` is held for decide and act, never while waiting for a source."""

    def __init__(self, assignment: Assignment, shared: Shared) -> None:
        self.shared = shared
        self.lock = threading.Lock()
        self.ledger = Ledger()
        self.stopped = threading.Event()
        self.log = shared.log.bind(namespace=assignment.key.namespace, service=assignment.key.name)
        self._assignment = assignment
        self._found: tuple[Pod, ...] = ()
        self._known: Fleet | None = None

    @property
    def reference(self) -> Reference:
        """The KubervisorService, as Events refer to it."""
        return Reference(
            self._assignment.key.namespace, self._assignment.key.name, self._assignment.uid
        )

    @property
    def assignment(self) -> Assignment:
        """What is asked for now; an immutable value that `assign` replaces."""
        return self._assignment

    def assign(self, assignment: Assignment) -> None:
        """Go on with another policy or stance; what is known of unchanged breakers is kept."""
        with self.lock:
            if assignment.policy != self._assignment.policy:
                self.ledger.keep_breakers(assignment.policy)
                self.ledger.holds.restart()
            if assignment.generation != self._assignment.generation:
                self.ledger.lost_pods = ""
            self._assignment = assignment

    def restore(self, status: Mapping[str, Any]) -> None:
        """Take up the record of decisions where the last leader left it; once, and only if new."""
        with self.lock:
            if self.ledger.restored:
                return
            self.ledger.restored = True
            self.ledger.decisions = decisions_in(status) + self.ledger.decisions
            self.ledger.lost_pods = self.ledger.lost_pods or lost_pods_in(
                status, self._assignment.generation
            )

    def fleet(self) -> Fleet:
        """The fleet as it is known this instant. Call with the lock held."""
        gatherer, alone = self.shared.gatherer, self.fleet_alone()
        return gatherer.with_neighbours(alone, self._assignment.policy.service)

    def fleet_alone(self) -> Fleet:
        """The same without its neighbours, in half the time: for whoever ejects nobody of it. It is
        the same one as before, with all that was derived of it, where nothing has changed.
        """
        gatherer, key = self.shared.gatherer, self._assignment.key
        found, writes = gatherer.look(key.namespace, dict(self._assignment.selector))
        known = self._known
        if known is None or found is not self._found or known.is_changing or writes:
            members = members_among(found)
            unreplaced = self.ledger.unreplaced(members, now=self.shared.clock.monotonic())
            known = gatherer.alone(key, members, writes, unreplaced=unreplaced)
            self._found, self._known = found, known
        return known

    def changed(self) -> None:
        """Something that the status shows may have changed."""
        self.shared.changed(self._assignment.key)
