"""What is told of an act: a line of the record, an Event and a line of the log."""

from __future__ import annotations

from kubervisor.kube.events import EventType
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.ledger import Decision
from kubervisor.traffic.model import Pod
from kubervisor.traffic.plan import Action, Intent
from kubervisor.traffic.reasons import Reason

_WARNINGS = frozenset({Reason.POD_EJECTED, Reason.POD_PAUSED, Reason.POD_TERMINATED})


def tell(
    desk: Desk,
    intent: Intent,
    action: str,
    reason: Reason,
    note: str,
    *,
    took: float | None = None,
) -> None:
    """Record, announce and log what was done; `took` is in seconds."""
    pod = intent.pod
    desk.ledger.record(
        Decision(
            desk.shared.clock.wall(),
            action,
            pod.name,
            pod.uid,
            intent.breaker,
            intent.reason,
            note,
        )
    )
    desk.shared.events.record(
        desk.reference,
        type=EventType.WARNING if reason in _WARNINGS else EventType.NORMAL,
        reason=reason,
        action=intent.action.value.capitalize(),
        note=f"Pod {pod.name}: {intent.reason}: {note}",
        related=pod,
    )
    seconds = {} if took is None else {"took": round(took, 4)}
    done = f"{action} pod"
    desk.log.info(
        done,
        pod=pod.name,
        breaker=intent.breaker,
        reason=intent.reason.value,
        evidence=note,
        **seconds,
    )
    desk.changed()


def tell_deferred(desk: Desk, pod: Pod, why: str) -> None:
    """Tell, once for each cause, that a pod which should be terminated stays on timed return."""
    cause = why.partition(":")[0]
    if desk.ledger.deferred.get(pod.uid) == cause:
        return
    desk.ledger.deferred[pod.uid] = cause
    desk.log.info("Deferred termination", pod=pod.name, why=why)
    desk.shared.events.record(
        desk.reference,
        type=EventType.WARNING,
        reason=Reason.TERMINATION_DEFERRED,
        action=Action.TERMINATE.value.capitalize(),
        note=f"Pod {pod.name}: {why}",
        related=pod,
    )
