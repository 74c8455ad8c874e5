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
from kubervisor.runtime.scraping import Scraping
from kubervisor.runtime.storm import EjectionLimit
from kubervisor.sources import Sources
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.model import Fleet, Pod, ServiceKey

AT_ONCE = 2
"""So many threads gather, judge and plan at a time; the others wait asleep. Hundreds that want the
interpreter at once spend it on asking: each wakes every millisecond to see whether it may go on.
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all Services of the process share.

    `neighbours` serialises decisions on pods that back several Services; each Service's own lock
    does the rest. `turns` is held while thinking, never during a request. `changed` asks for a
    Service's status to be looked at; `check` raises LeadershipLost where nothing may be written,
    `epoch` counts leaders; `exists` tells whether a KubervisorService (namespace, name) does;
    `bounds` are the administrator's.
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
    neighbours: threading.Lock = field(default_factory=threading.Lock)
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))


class Desk:
    """One Service's desk. `lock` is held for decide and act, never while waiting for a source."""

    def __init__(self, assignment: Assignment, shared: Shared) -> None:
        self.shared = shared
        self.lock = threading.Lock()
        self.ledger = Ledger()
        self.stopped = threading.Event()
        self.log = shared.log.bind(namespace=assignment.key.namespace, service=assignment.key.name)
        self._assignment = assignment

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
        key, service = self._assignment.key, self._assignment.policy.service
        members, unreplaced = self._members()
        return self.shared.gatherer.fleet(key, service, members, unreplaced=unreplaced)

    def fleet_alone(self) -> Fleet:
        """The same without its neighbours, in half the time: for whoever ejects nobody of it."""
        members, unreplaced = self._members()
        return self.shared.gatherer.alone(self._assignment.key, members, unreplaced=unreplaced)

    def _members(self) -> tuple[tuple[Pod, ...], int]:
        selector = dict(self._assignment.selector)
        members = self.shared.gatherer.members(self._assignment.key, selector)
        return members, self.ledger.unreplaced(members, now=self.shared.clock.monotonic())

    def changed(self) -> None:
        """Something that the status shows may have changed."""
        self.shared.changed(self._assignment.key)
