"""Phase workflows as their page has them, from what is stored."""

from __future__ import annotations

from collections.abc import Iterable

from kubervisor import instants
from kubervisor.kube import workflow_reading as stored
from kubervisor.ui.documents import cut
from kubervisor.ui.shown import LONGEST_MESSAGE, condition_of, line
from kubervisor.ui.workflows_documents import (
    MOST_PASSED,
    MOST_PHASES,
    MOST_SAID,
    Kind,
    Passed,
    Phase,
    Said,
    Workflow,
)

_UNREADABLE = "The object is there, but its status cannot be read."
_GRAVITY = {"alarm": 0, "notice": 1, "unknown": 2, "ok": 3}


def kind_of(one: stored.Kind, objects: int, problem: str) -> Kind:
    """A kind of which there are so many objects."""
    return Kind(
        kind=line(one.kind),
        group=line(one.group),
        operator=line(one.operator),
        phases=[_phase(each) for each in one.phases[:MOST_PHASES]],
        objects=objects,
        problem=problem,
    )


def workflow_of(kind: stored.Kind, one: stored.Workflow) -> Workflow:
    """All about one object."""
    status = one.status
    ready, complete = status.condition("Ready"), status.condition("Complete")
    message = status.phase_message if one.readable else _UNREADABLE
    return Workflow(
        kind=line(kind.kind),
        group=line(kind.group),
        namespace=line(one.namespace),
        name=line(one.name),
        level=level_of(one),
        phase=line(status.phase),
        since=instants.parse(status.phase_since),
        message=cut(message, LONGEST_MESSAGE),
        failures=status.phase_failures,
        complete=complete is not None and complete.status == "True",
        deleting=one.deleting,
        reason=line(ready.reason) if ready else "",
        wrong=[condition_of(ready, good=False)] if ready and ready.status == "False" else [],
        says=[
            Said(line(name), line(_plain(value)))
            for name, value in list(one.says.items())[:MOST_SAID]
            if isinstance(value, (str, int, float))
        ],
        passed=[
            Passed(instants.parse(each.since), line(each.phase), cut(each.message, LONGEST_MESSAGE))
            for each in status.phase_history[-MOST_PASSED:]
        ],
    )


def level_of(one: stored.Workflow) -> str:
    """How grave it is: alarm, notice, ok, or unknown where no operator has looked at it yet."""
    ready = one.status.condition("Ready")
    if not one.readable or (ready is not None and ready.status == "False"):
        return "alarm"
    if ready is None:
        return "unknown"
    return "notice" if one.deleting else "ok"


def gravest_first(found: Iterable[Workflow]) -> list[Workflow]:
    """Those that people want to see first: what fails, what is on its way, what moved last."""
    return sorted(
        found, key=lambda one: (_GRAVITY[one.level], one.complete, -(one.since or 0.0), one.name)
    )


def _phase(one: stored.Phase) -> Phase:
    return Phase(
        name=line(one.name),
        final=one.final,
        next=[line(name) for name in one.next[:MOST_PHASES]],
        timeout=one.timeout,
        on_timeout=line(one.on_timeout),
    )


def _plain(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
