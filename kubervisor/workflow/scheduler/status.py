"""The status of a resource: what its operator remembers of it, and it remembers nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler import conditions, history
from kubervisor.workflow.scheduler.conditions import Conditions
from kubervisor.workflow.scheduler.history import LONGEST_NAME, Entry, History
from kubervisor.workflow.scheduler.reading import exactly, instant, line, whole

RESERVED = frozenset(
    {
        "phase",
        "observedGeneration",
        "phaseSince",
        "phaseFailures",
        "phaseMessage",
        "phaseHistory",
        "conditions",
    }
)
"""The fields of a status that are the scheduler's; the user's own are beside them."""

MOVED_BY_OTHERS = "set from outside the operator"


@dataclass(frozen=True, slots=True)
class Status:
    """A status as read: whatever was stored, each part is of its type and bounded.

    `generation` is the resource's at its last successful sync, `failures` are the failed ones in a
    row in this phase, `message` is what the last outcome said, and `info` are the user's fields.
    """

    phase: str
    since: datetime
    generation: int | None = None
    failures: int = 0
    message: str = ""
    history: History = ()
    conditions: Conditions = ()
    info: Mapping[str, Any] = field(default_factory=dict)

    def moved(self, phase: str, now: datetime, message: str) -> Status:
        """The status of a resource that is in `phase` from `now` on."""
        return replace(
            self,
            phase=phase,
            since=now,
            failures=0,
            message=message,
            history=history.extended(self.history, Entry(phase, now, message)),
        )

    def as_json(self) -> Json:
        """The status to store; what says nothing is left out."""
        optional: Json = {
            "observedGeneration": self.generation,
            "phaseFailures": self.failures or None,
            "phaseMessage": self.message or None,
        }
        return {
            "phase": self.phase,
            **self.info,
            "phaseSince": exactly(self.since),
            "phaseHistory": [entry.as_json() for entry in self.history],
            "conditions": [condition.as_json() for condition in self.conditions],
            **{name: value for name, value in optional.items() if value is not None},
        }


def own(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those of the `fields` of a status that are the user's."""
    return {name: value for name, value in fields.items() if name not in RESERVED}


def read(stored: Mapping[str, Any], initial: str, now: datetime) -> Status:
    """What is stored, made readable; without a phase it is the `initial` one, from `now` on.

    An instant after `now` was written by a clock that was set back since: it is now. A phase that
    is not the last of the history was set by somebody else: it begins now.
    """
    message = stored.get("phaseMessage")
    since = instant(stored.get("phaseSince"))
    found = Status(
        phase=_phase(stored.get("phase")) or initial,
        since=now if since is None else min(since, now),
        generation=whole(stored.get("observedGeneration")),
        failures=whole(stored.get("phaseFailures")) or 0,
        message=line(message) if isinstance(message, str) else "",
        history=history.read(stored.get("phaseHistory")),
        conditions=conditions.read(stored.get("conditions")),
        info=own(stored),
    )
    if not found.history:
        return replace(found, history=(Entry(found.phase, found.since),))
    last = found.history[-1]
    if last.phase != found.phase:
        return found.moved(found.phase, now, MOVED_BY_OTHERS)
    return replace(found, history=(*found.history[:-1], replace(last, since=found.since)))


def _phase(value: object) -> str:
    if value is None:
        return ""
    # the name of a type is no phase: a value that is no text leads nowhere
    return line(value if isinstance(value, str) else f"({type(value).__name__})", LONGEST_NAME)
