"""Who is told what becomes of resources: Events on them, the log, and counters."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor.kube.client import Api
from kubervisor.kube.events import EventRecorder, EventType
from kubervisor.telemetry.logs import Log
from kubervisor.workflow.engine.kinds import resource_parameter
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.facts import Event, Reason
from kubervisor.workflow.scheduler.inventory import Ref

ACTION = "Sync"


class WorkflowEvents(EventRecorder):
    """Records Events that regard the resources of a project; its operator reports them."""

    tells_notes_apart = True  # phases are in the notes

    def __init__(self, api: Api, project: Project, instance: str) -> None:
        super().__init__(api, project.operator_name, instance)
        parameter = resource_parameter(project)
        self.regards = (parameter.api_version, parameter.kind)


class WorkflowNews:
    """Tells what is new once it is stored. Thread-safe."""

    def __init__(self, events: WorkflowEvents, log: Log) -> None:
        self._events, self._log = events, log

    def tell(self, resource: Seen, events: Iterable[Event]) -> None:
        """What became of a sync."""
        for event in events:
            say = self._log.info if event.type == "Normal" else self._log.warning
            say(str(event.reason), resource=_name(resource), message=event.message)
            self._record(resource, EventType(event.type), event.reason, event.message)

    def tell_pruned(self, resource: Seen, gone: Iterable[Ref]) -> None:
        """Outputs that were deleted, for the resource does not want them any more."""
        for ref in gone:
            self._log.info("Pruned", resource=_name(resource), object=str(ref))
            note = f"Deleted {ref.kind}/{ref.name} in namespace {ref.namespace or '(none)'}"
            self._record(resource, EventType.NORMAL, Reason.PRUNED, note)

    def tell_raised(self, resource: Seen, phase: str) -> None:
        """A worker has raised what is being handled; the log has all of it."""
        self._log.error("Worker failed", resource=_name(resource), phase=phase, exc_info=True)

    def _record(self, resource: Seen, type: EventType, reason: Reason, note: str) -> None:
        self._events.record(resource, type=type, reason=str(reason), action=ACTION, note=note)


def _name(resource: Seen) -> str:
    return f"{resource.namespace}/{resource.name}"
