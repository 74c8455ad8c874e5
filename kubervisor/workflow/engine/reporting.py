"""Writes what a sync says of its resource, and tells what goes with it."""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.telemetry import workflow_metrics
from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.news import WorkflowNews
from kubervisor.workflow.engine.queueing import Own
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.sight import Sight
from kubervisor.workflow.engine.statuses import ResourceWriter
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.facts import Event
from kubervisor.workflow.scheduler.inventory import Ref


class Reporting:
    """Thread-safe. All methods raise what ResourceWriter raises."""

    def __init__(
        self,
        project: Project,
        writer: ResourceWriter,
        written: Written[Key],
        applying: Applying,
        news: WorkflowNews,
    ) -> None:
        self._project, self._writer, self._written = project, writer, written
        self._applying, self._news = applying, news

    def report(self, sight: Sight, status: Json | None, events: Sequence[Event] = ()) -> Own:
        """Store the status where there is one to store, then tell of `events`; what was written."""
        stored = sight.seen
        if status is not None:
            stored = self._writer.report(sight.seen, status)
            self._written.note(sight.key, stored)
            self._count_transition(sight.state.status.get("phase") or "", status["phase"])
        self._news.tell(sight.seen, events)
        return self.own(stored)

    def hold(self, sight: Sight, finalizers: Sequence[str]) -> Sight:
        """Let the finalizers of a resource be these; how it is then."""
        stored = self._writer.hold(sight.seen, finalizers)
        if finalizers:
            self._written.note(sight.key, stored)  # without any it may be gone by now
        return Sight(stored, stored.body)

    def own(self, stored: Seen) -> Own:
        """What is known of the resource, or was written, and which outputs were written."""
        own: dict[Ref | None, int] = {None: stored.version}
        own.update(self._applying.versions(stored.uid))
        return own

    def _count_transition(self, stored: str, after: str) -> None:
        """Between phases of the project: what is stored, anybody may have written."""
        before = self._project.find(stored)
        if before is not None and before.name != after:
            workflow_metrics.TRANSITIONS.labels(before.name, after).inc()
