"""What there is to see, put together from caches, desks and the recorder when somebody looks.

Everything here reads. A Breaker may hold its Service's lock as long as a write takes: whoever looks
at one Service waits for it a moment at most, and whoever looks at all of them not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from kubervisor.kube.records import SpecRecord
from kubervisor.kube.service_cache import without_ours
from kubervisor.kube.watches import Caches
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.traffic.evidence import probation_end
from kubervisor.traffic.model import Fleet, Pod, ServiceKey
from kubervisor.ui import members
from kubervisor.ui.announced import AnnouncedEvents
from kubervisor.ui.details import (
    backtest_of,
    breakers_of,
    budget_of,
    counted,
    decisions_of,
    kept_of,
    spec_of,
)
from kubervisor.ui.documents import LONGEST_TEXT, Controller, ServiceRow
from kubervisor.ui.history_documents import History
from kubervisor.ui.past import history_of
from kubervisor.ui.recorder import Recorder
from kubervisor.ui.rollouts import Rollouts
from kubervisor.ui.rules import Remediation
from kubervisor.ui.scores import scores_of
from kubervisor.ui.service_documents import (
    MOST_PODS,
    Service,
)
from kubervisor.ui.statuses import conditions_in, read_status, row_of
from kubervisor.ui.workflows import PhaseWorkflows

PATIENCE = 0.02
"""Seconds to wait for a Service's lock before the caches alone must do."""


@dataclass(slots=True)
class _Line:
    """A row, what it was made from, and whether it stays so until that changes."""

    record: SpecRecord
    pods: tuple[Pod, ...]
    row: ServiceRow
    settled: bool


class View:
    """For one thread, that of the server; `controller` says who answers and who leads."""

    def __init__(
        self,
        *,
        caches: Caches,
        gatherer: Gatherer,
        supervisor: Supervisor,
        recorder: Recorder,
        events: AnnouncedEvents,
        rollouts: Rollouts,
        remediation: Remediation,
        workflows: PhaseWorkflows,
        controller: Callable[[], Controller],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.recorder, self.controller, self.now = recorder, controller, now
        self._caches, self._gatherer, self._supervisor = caches, gatherer, supervisor
        self._events, self.rollouts, self.remediation = events, rollouts, remediation
        self.workflows = workflows
        self._order: list[str] = []
        self._lines: dict[str, _Line] = {}

    def rows(self) -> dict[str, ServiceRow]:
        """All Services by uid, in order of their names; a row that says the same is the same object
        as before.
        """
        lines = {one.uid: self._line(one) for one in self._caches.specs.values()}
        if lines.keys() != self._lines.keys():
            self._order = sorted(lines, key=lambda uid: _name(lines[uid].record))
        self._lines = lines
        return {uid: lines[uid].row for uid in self._order}

    def has(self, key: ServiceKey) -> bool:
        """True where there is a KubervisorService of that name."""
        return self._caches.specs.get(key.namespace, key.name) is not None

    def service(self, key: ServiceKey) -> Service | None:
        """All about one Service but its history; None where there is none of that name."""
        record = self._caches.specs.get(key.namespace, key.name)
        if record is None:
            return None
        now, desk, memory = self.now(), self._desk(key), self.recorder.read(key)
        status, fleet = read_status(record), self._fleet(key, record, desk, patience=PATIENCE)
        policy = desk.assignment.policy if desk else None
        pods = members.describe(
            fleet,
            fleet.pods[:MOST_PODS],
            scores_of(memory),
            peer_group=policy.peer_group if policy else None,
            probation=members.probation_of(policy) if policy else 0.0,
            now=now,
        )
        budget = budget_of(fleet, policy, desk) if policy and desk else None
        return Service(
            at=now,
            controller=self.controller(),
            row=counted(self._line(record).row, fleet, budget),
            uid=record.uid,
            generation=record.generation,
            created_at=record.created_at,
            stance=desk.assignment.stance.value if desk else None,
            conditions=conditions_in(status, LONGEST_TEXT),
            spec=spec_of(record),
            budget=budget,
            breakers=breakers_of(record, desk),
            pods=pods,
            pods_left_out=max(0, len(fleet.pods) - MOST_PODS),
            kept=kept_of(desk),
            decisions=decisions_of(memory, record),
            events=self._events.about(key, record.uid),
            backtest=backtest_of(record),
        )

    def history(self, key: ServiceKey, *, since: int = 0) -> History | None:
        """What is kept of a Service, or its minutes from `since` on; None where there is none."""
        return history_of(self.recorder.read(key), since=since) if self.has(key) else None

    def _line(self, record: SpecRecord) -> _Line:
        known = self._lines.get(record.uid)
        claimed = self._caches.pods.claimed(record.namespace, record.name)
        same = known is not None and known.record is record and known.pods is claimed
        if known is not None and same and known.settled:
            return known
        key = ServiceKey(record.namespace, record.name)
        now, desk = self.now(), self._desk(key)
        fleet = self._fleet(key, record, desk, patience=0.0)
        out = members.out_of(fleet, now)
        probation = members.probation_of(desk.assignment.policy) if desk else 0.0
        probing = sum(
            probation_end(pod, probation, now) is not None and fleet.is_serving(pod)
            for pod in fleet.pods
        )
        row = row_of(record, read_status(record), out=out, probation=probing)
        if known is not None and known.row == row:
            row = known.row
        return _Line(record, claimed, row, settled=not (out or probing))

    def _desk(self, key: ServiceKey) -> Desk | None:
        worker = self._supervisor.get(key)
        return worker.desk if worker else None

    def _fleet(
        self, key: ServiceKey, record: SpecRecord, desk: Desk | None, *, patience: float
    ) -> Fleet:
        if desk is not None and desk.lock.acquire(timeout=patience):
            try:
                return desk.fleet_alone()
            finally:
                desk.lock.release()
        name = record.spec.get("service")
        service = self._caches.services.get(key.namespace, name) if isinstance(name, str) else None
        selector = without_ours(service.selector) if service else {}
        return self._gatherer.fleet(key, selector)


def _name(record: SpecRecord) -> tuple[str, str]:
    return record.namespace, record.name
