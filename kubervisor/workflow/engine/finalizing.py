"""What is done before a resource goes: its finalizer, and what it has beyond its namespace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kubervisor.runtime.clock import Clock
from kubervisor.workflow.engine.binding import Binding
from kubervisor.workflow.engine.calling import call
from kubervisor.workflow.engine.kinds import written_kinds
from kubervisor.workflow.engine.news import WorkflowNews
from kubervisor.workflow.engine.outlet import Outlet
from kubervisor.workflow.engine.pruning import Pruning
from kubervisor.workflow.engine.queueing import InHand
from kubervisor.workflow.engine.reporting import Reporting
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.sight import Sight, Synced, synced
from kubervisor.workflow.operator import Operator
from kubervisor.workflow.scheduler.decision import finalizer, settle_finalizing
from kubervisor.workflow.scheduler.facts import Failure, Reason, RunFinalizer
from kubervisor.workflow.scheduler.transitions import refused_end
from kubervisor.workflow.worker import Finalized


class Finalizing:
    """Used by many threads, for each resource by one at a time. `work_interval` is in seconds."""

    def __init__(
        self,
        operator: Operator[Any, Any],
        *,
        binding: Binding,
        outlet: Outlet,
        pruning: Pruning,
        reporting: Reporting,
        news: WorkflowNews,
        clock: Clock,
        work_interval: float,
    ) -> None:
        self._operator, self._project = operator, operator.project
        self._binding, self._outlet, self._pruning = binding, outlet, pruning
        self._reporting, self._news = reporting, news
        self._clock, self._work_interval = clock, work_interval
        self._ours = finalizer(self._project)
        self._written_kinds = written_kinds(self._project)

    def add(self, sight: Sight) -> Sight:
        """Have the resource wait for us when it is deleted; how it is then."""
        return self._reporting.hold(sight, (*sight.state.finalizers, self._ours))

    def finalize(self, hand: InHand, sight: Sight, planned: RunFinalizer) -> Synced:
        """Call the finalizer, and let the resource go where that is done. Raises as `Syncing.sync`
        does.
        """
        seen, made = sight.seen, self._operator.finalizer
        assert made is not None, "the operator was checked"
        asked = self._binding.bind(
            made,
            seen,
            hand.reads,
            phase=planned.phase,
            phase_since=planned.phase_since,
            now=self._now(),
        )
        said = call(made.finalize, asked, lambda: self._news.tell_raised(seen, "finalizer"))
        result = self._carried_out(hand, seen, said)
        if isinstance(result, Finalized) and result.done:
            return self.let_go(sight)
        now, interval = self._now(), self._work_interval
        settled = settle_finalizing(self._project, sight.state, result, now, work_interval=interval)
        own = self._reporting.report(sight, settled.status, settled.events)
        return synced(own, settled, result)

    def let_go(self, sight: Sight) -> Synced:
        """Nothing of ours is left to do: the resource goes, and what it owns after it."""
        self._pruning.sweep(sight.seen)
        others = tuple(one for one in sight.state.finalizers if one != self._ours)
        return Synced(self._reporting.own(self._reporting.hold(sight, others).seen), None)

    def _carried_out(self, hand: InHand, seen: Seen, said: object) -> Finalized | Failure:
        """What a finalizer said, with its outputs written."""
        if isinstance(said, Failure):
            return said
        refusal = refused_end(said)
        if refusal is not None or not isinstance(said, Finalized):
            return refusal or Failure(Reason.WORKER_FAILED, "it returned no Finalized")
        return self._outlet.write(seen, self._written_kinds, said.outputs, hand.reads) or said

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall(), UTC)
