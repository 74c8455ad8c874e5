"""One look at a resource: what was remembered of it, and what would be written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Phase, Project
from kubervisor.workflow.scheduler import conditions
from kubervisor.workflow.scheduler.conditions import COMPLETE, READY
from kubervisor.workflow.scheduler.facts import Failure, Reason, ResourceState
from kubervisor.workflow.scheduler.reading import line
from kubervisor.workflow.scheduler.status import Status, read


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the condition Ready says."""

    is_true: bool
    reason: Reason
    message: str


@dataclass(frozen=True)
class Look:
    """A resource of a project as it was at the instant `now`."""

    project: Project
    state: ResourceState
    now: datetime

    @cached_property
    def current(self) -> Status:
        return read(self.state.status, self.project.initial.name, self.now)

    @cached_property
    def phase(self) -> Phase | None:
        return self.project.find(self.current.phase)

    def left(self, phase: Phase, status: Status) -> float | None:
        """Seconds until `phase` has taken too long; None where it may take for ever."""
        if phase.timeout is None or not phase.on_timeout:
            return None
        return max(0.0, phase.timeout - (self.now - status.since).total_seconds())

    def judged(self, status: Status, ready: Verdict | None = None) -> Status:
        """`status` with what is to be said of its phase. Where that is one that is worked on,
        Ready says what `ready` says, and without it what it said before.
        """
        phase = self.project.find(status.phase)
        if phase is None:
            names = ", ".join(one.name for one in self.project.phases)
            lost = (
                f'"{status.phase}" is no phase of the project: set status.phase to one of {names}'
            )
            ready = complete = Verdict(False, Reason.UNKNOWN_PHASE, lost)
        elif phase.final:
            ready = complete = Verdict(True, Reason.RESTING, f"{phase.name} is a final phase")
        else:
            complete = Verdict(False, Reason.AT_WORK, f"{phase.name} is not a final phase")
        told = status if ready is None else self.told(status, READY, ready)
        return self.told(told, COMPLETE, complete)

    def told(self, status: Status, type: str, verdict: Verdict) -> Status:
        """`status` with that condition; when it became so is known from before."""
        return replace(
            status,
            conditions=conditions.judged(
                status.conditions,
                type,
                verdict.is_true,
                verdict.reason,
                verdict.message,
                generation=self.state.generation,
                now=self.now,
            ),
        )

    def is_news(self, failure: Failure) -> bool:
        """Whether the resource has not been failing for just that reason already."""
        before = conditions.find(self.current.conditions, READY)
        told = ("False", failure.reason, line(failure.message))
        return before is None or (before.status, before.reason, before.message) != told

    def change(self, status: Status) -> Json | None:
        """What is to be written for `status` to be stored, None where it is."""
        wanted = status.as_json()
        return None if wanted == self.state.status else wanted
