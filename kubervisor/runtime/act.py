"""Acts: one intent becomes one write, one count, and what is told of it."""

from __future__ import annotations

import uuid

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, NotFound, Throttled
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.freshness import Freshness
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.writers import TrafficWriter
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.ledger import Protection
from kubervisor.runtime.status_writer import StatusWriter
from kubervisor.runtime.telling import tell, tell_deferred
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic.budget import allowance
from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.plan import Action, Intent
from kubervisor.traffic.policy import KillMode
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.returns import activator_of

EVICTION_RETRY = 5.0
"""Seconds until an eviction that a PodDisruptionBudget refused is tried again."""


class Actuator:
    """Shared by all Services; what it learns goes to the desk it acts for, under that desk's
    lock.
    """

    def __init__(
        self,
        writer: TrafficWriter,
        statuses: StatusWriter,
        specs: ObjectCache[SpecRecord],
        freshness: Freshness,
    ) -> None:
        self._writer, self._statuses, self._specs = writer, statuses, specs
        self._freshness = freshness

    def catch_up(self, desk: Desk) -> None:
        """Have the caches show what the watch has brought: lines of it gather for a moment."""
        self._freshness.catch_up(desk.assignment.key.namespace)

    def eject(self, desk: Desk, intent: Intent, fleet: Fleet, *, decided_at: float) -> bool:
        """True where the pod was taken out of traffic; False where it changed or the write was
        refused.

        Raises ApiUnavailable and Throttled: the API server is the obstacle, not the pod.
        """
        ejection, now = uuid.uuid4().hex, desk.shared.clock.wall()
        room = self._room(desk, intent, fleet)
        record = self._specs.get(fleet.key.namespace, fleet.key.name)
        if record is None or record.deleting or record.uid != desk.assignment.uid:
            return False  # deleted this moment: its pods are about to be released
        try:
            self._confirm(desk, fleet)
            # Written down first: should we freeze here, the next leader knows what we meant to do.
            self._statuses.declare(record, intent.pod.uid, ejection)
            self._writer.eject(
                intent.pod,
                fleet.key.name,
                intent.breaker,
                id=ejection,
                at=now,
                until=now + intent.hold,
                retries=intent.retries,
                reason=intent.reason,
                evidence=intent.evidence,
                epoch=desk.shared.epoch(),
            )
        except (Conflict, NotFound) as error:
            # The pod is not what it was when it was judged; the next evaluation looks again.
            self._freshness.doubt(fleet.key.namespace, dict(desk.assignment.selector))
            desk.log.info("Pod changed before its ejection", pod=intent.pod.name, error=str(error))
            return False
        except ApiError as error:
            desk.log.warning("Could not eject pod", pod=intent.pod.name, error=str(error))
            if isinstance(error, (ApiUnavailable, Throttled)):
                raise
            return False
        acknowledged = desk.shared.clock.monotonic()
        traffic_metrics.WRITE_DURATION.observe(acknowledged - decided_at)
        traffic_metrics.ENFORCED.labels(*_service(desk), intent.breaker).inc()
        desk.ledger.ejected(
            intent.pod, intent.breaker, ejection, now=acknowledged, wall=now, hold=intent.hold
        )
        note = f"{intent.evidence}; {room}; out for {intent.hold:.3g} s"
        tell(desk, intent, "Ejected", Reason.POD_EJECTED, note, took=acknowledged - decided_at)
        return True

    def apply(self, desk: Desk, intent: Intent, fleet: Fleet) -> None:
        """Do what the Activator intends. A pod that is gone or changed needs nothing any more.

        Raises ApiError where the write failed and should be tried again.
        """
        try:
            self._apply(desk, intent, fleet)
        except NotFound:
            return
        except Conflict as error:
            desk.log.debug("Pod changed", pod=intent.pod.name, error=str(error))

    def drop_request(self, pod: Pod) -> None:
        """Take an answered request off its pod. Raises ApiError."""
        try:
            self._writer.drop_request(pod)
        except (Conflict, NotFound):
            return  # the pod has moved on; what is left of the request expires

    def settle(self, desk: Desk, pod: Pod) -> None:
        """See to it that a write to `pod` which nobody knows the end of shows or cannot happen.

        Raises ApiError where this fails too and should be tried again.
        """
        try:
            self._writer.fence(pod, desk.assignment.key.name, desk.shared.epoch())
        except (Conflict, NotFound):
            return  # the pod has moved on, and the watch is about to show how
        desk.log.info("Fenced pod", pod=pod.name, why="nobody knows the end of a write to it")

    def _apply(self, desk: Desk, intent: Intent, fleet: Fleet) -> None:
        pod = intent.pod
        match intent.action:
            case Action.ADOPT:
                self._writer.adopt(pod, fleet.key.name)
                desk.log.debug("Labelled pod", pod=pod.name)
            case Action.RETURN:
                self._return(desk, intent)
            case Action.RELEASE:
                self._writer.release(pod)
                if pod.is_out:
                    traffic_metrics.RETURNS.labels(*_service(desk)).inc()
                    note = f"{intent.reason}: the pod is no longer Kubervisor's"
                    tell(desk, intent, "Returned", Reason.POD_RETURNED, note)
            case Action.PAUSE:
                self._writer.pause(
                    pod,
                    reason=intent.reason,
                    evidence=intent.evidence,
                    epoch=desk.shared.epoch(),
                )
                desk.ledger.pausing.add(pod.uid)
                traffic_metrics.PAUSES.labels(*_service(desk)).inc()
                tell(desk, intent, "Paused", Reason.POD_PAUSED, intent.evidence)
            case Action.TERMINATE:
                self._terminate(desk, intent, fleet)
            case Action.EJECT:
                raise ValueError("ejections go through the budget")

    def _return(self, desk: Desk, intent: Intent) -> None:
        self._writer.give_back(intent.pod, reason=intent.reason, at=desk.shared.clock.wall())
        desk.ledger.returned(desk.assignment.policy, desk.shared.clock.monotonic())
        traffic_metrics.RETURNS.labels(*_service(desk)).inc()
        tell(desk, intent, "Returned", Reason.POD_RETURNED, intent.evidence)

    def _terminate(self, desk: Desk, intent: Intent, fleet: Fleet) -> None:
        mode = activator_of(intent.pod, desk.assignment.policy).kill_mode
        record = self._specs.get(fleet.key.namespace, fleet.key.name)
        if record is None or self._statuses.claim(record):
            return  # others' ejections turned up: whether there is one to spare must be seen anew
        self._confirm(desk, fleet)
        try:
            if mode is KillMode.EVICT:
                self._writer.evict(intent.pod)
            else:
                self._writer.delete(intent.pod)
        except Throttled as error:
            again = desk.shared.clock.monotonic() + max(EVICTION_RETRY, error.retry_after)
            ejection = intent.pod.ejection.id if intent.pod.ejection else ""
            desk.ledger.protected[intent.pod.uid] = Protection(ejection, again)
            tell_deferred(desk, intent.pod, f"a PodDisruptionBudget refuses its eviction: {error}")
            return
        desk.ledger.terminated(fleet, now=desk.shared.clock.monotonic())
        traffic_metrics.TERMINATIONS.labels(*_service(desk)).inc()
        tell(desk, intent, "Terminated", Reason.POD_TERMINATED, intent.evidence)

    def _confirm(self, desk: Desk, fleet: Fleet) -> None:
        """Before taking capacity away, see that the rest of it is there. Raises ApiError."""
        self._freshness.confirm(
            fleet.key.namespace,
            dict(desk.assignment.selector),
            fleet.pods,
            changing=fleet.ejecting | fleet.returning | fleet.terminating,
        )

    def _room(self, desk: Desk, intent: Intent, fleet: Fleet) -> str:
        """The budget before this write, in words."""
        policy = desk.assignment.policy
        breaker = next(b for b in policy.breakers if b.name == intent.breaker)
        return str(allowance(fleet, breaker, policy.budget))


def _service(desk: Desk) -> tuple[str, str]:
    return desk.assignment.key.namespace, desk.assignment.key.name
