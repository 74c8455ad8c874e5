"""The sync of a phase: its worker is called, what it says is written, and its status says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from pydantic import BaseModel

from kubervisor.errors import Invalid
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import workflow_metrics
from kubervisor.workflow.engine.binding import Binding
from kubervisor.workflow.engine.calling import call
from kubervisor.workflow.engine.kinds import written_kinds
from kubervisor.workflow.engine.news import WorkflowNews
from kubervisor.workflow.engine.outlet import Outlet
from kubervisor.workflow.engine.queueing import InHand
from kubervisor.workflow.engine.reporting import Reporting
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.sight import Sight, Synced, synced
from kubervisor.workflow.objects import Json
from kubervisor.workflow.operator import Operator
from kubervisor.workflow.project.model import Phase
from kubervisor.workflow.scheduler.decision import settle
from kubervisor.workflow.scheduler.dependencies import Listed
from kubervisor.workflow.scheduler.facts import Failure, Reason, RunWorker, Settled
from kubervisor.workflow.scheduler.inventory import OWNER_LABEL
from kubervisor.workflow.scheduler.transitions import refused
from kubervisor.workflow.worker import Outcome

LONGEST_STATUS = 512 * 1024
"""Bytes of a worker's status: the API server stores objects of little more than a megabyte, and
refuses a larger one in words that are those of a server in trouble.
"""


class Working:
    """Used by many threads, for each resource by one at a time. `work_interval` is in seconds."""

    def __init__(
        self,
        operator: Operator[Any, Any],
        *,
        binding: Binding,
        outlet: Outlet,
        reporting: Reporting,
        news: WorkflowNews,
        clock: Clock,
        work_interval: float,
    ) -> None:
        self._operator, self._project = operator, operator.project
        self._binding, self._outlet, self._reporting = binding, outlet, reporting
        self._news, self._clock, self._work_interval = news, clock, work_interval
        self._written_kinds = written_kinds(self._project)

    def work(self, hand: InHand, sight: Sight, planned: RunWorker) -> Synced:
        """Call the worker that is due. Raises as `Syncing.sync` does."""
        phase, seen = planned.phase, sight.seen
        hand.reads += (Listed(k, None, {OWNER_LABEL: seen.uid}) for k in self._written_kinds)
        worker = self._operator.workers[phase.name]
        asked = self._binding.bind(
            worker,
            seen,
            hand.reads,
            phase=phase.name,
            phase_since=planned.phase_since,
            now=self._now(),
        )
        said = call(worker.sync, asked, lambda: self._news.tell_raised(seen, phase.name))
        result, status = self._carried_out(hand, seen, phase, said)
        settled = self._settle(sight, phase, result, status)
        reason = result.reason if isinstance(result, Failure) else Reason.SYNCED
        workflow_metrics.SYNCS.labels(phase.name, str(reason)).inc()
        try:
            own = self._reporting.report(sight, settled.status, settled.events)
        except Invalid as error:
            # The worker's part of the status is not what the definition of its kind allows.
            result = Failure(Reason.WORKER_FAILED, f"its status is not accepted: {error}")
            settled = self._settle(sight, phase, result, None)
            own = self._reporting.report(sight, settled.status, settled.events)
        return synced(own, settled, result)

    def _carried_out(
        self, hand: InHand, seen: Seen, phase: Phase, said: object
    ) -> tuple[Outcome[Any] | Failure, Json | None]:
        """What a worker said, with its outputs written, and its status as JSON."""
        if isinstance(said, Failure):
            return said, None
        refusal = refused(self._project, phase, said)
        if refusal is not None or not isinstance(said, Outcome):
            return refusal or Failure(Reason.WORKER_FAILED, "it returned no Outcome"), None
        try:
            status = _dumped(said.status)
        except ValueError as error:
            return Failure(Reason.WORKER_FAILED, f"its status cannot be written: {error}"), None
        failure = self._outlet.write(seen, phase.outputs, said.outputs, hand.reads)
        return failure or said, status

    def _settle(
        self, sight: Sight, phase: Phase, result: Outcome[Any] | Failure, status: Json | None
    ) -> Settled:
        now, interval = self._now(), self._work_interval
        return settle(
            self._project, sight.state, phase, result, status, now, work_interval=interval
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)


def _dumped(status: BaseModel | None) -> Json | None:
    """A status as it is stored. Raises ValueError where it cannot be JSON, or is too long."""
    if status is None:
        return None
    dumped: Json = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    try:
        length = len(msgspec.json.encode(dumped))
    except OverflowError as error:
        raise ValueError(str(error)) from None
    if length > LONGEST_STATUS:
        raise ValueError(f"it has {length} bytes, and at most {LONGEST_STATUS} are stored")
    return dumped
