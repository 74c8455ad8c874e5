"""Answers the requests to eject a pod that `kubectl kubervisor eject` leaves on pods.

Whoever may patch pods may ask; the budget decides. The answer is a line of the record in the status
and an Event, and the request is taken off the pod.
"""

from __future__ import annotations

from contextlib import nullcontext

from kubervisor.errors import ApiError, ApiUnavailable, Throttled
from kubervisor.kube.events import EventType
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.assignment import Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.ledger import Decision
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.plan import Intent, Plan, Refusal
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.requests import asked_pods, plan_requests, refusal


class Requests:
    """One Service's. Called with the desk's lock held, never while paused or stopped."""

    def __init__(self, desk: Desk, actuator: Actuator) -> None:
        self._desk, self._actuator = desk, actuator
        self._clock = desk.shared.clock
        # Until the watch shows a request gone, and in dry run for as long as it stays.
        self._answered: dict[PodUid, float | None] = {}

    def step(self, fleet: Fleet) -> bool:
        """Answer every request in `fleet`; True where one is to be tried again soon."""
        if not asked_pods(fleet):
            self._answered.clear()
            return False
        tried: set[PodUid] = set()
        while True:
            fleet = self._desk.fleet()
            with self._desk.shared.neighbours if fleet.neighbours else nullcontext():
                asked = self._open_requests(fleet, tried)
                if not asked:
                    return False
                plan = self._plan(fleet, asked)
                if plan.intents:
                    tried.add(plan.intents[0].pod.uid)
                    if not self._eject(plan.intents[0], fleet):
                        return True
                    continue
            return self._refuse_all(plan)

    def _open_requests(self, fleet: Fleet, tried: set[PodUid]) -> tuple[Pod, ...]:
        asked = asked_pods(fleet)
        present = {pod.uid for pod in asked}
        self._answered = {uid: at for uid, at in self._answered.items() if uid in present}
        return tuple(
            pod
            for pod in asked
            if pod.uid not in tried and self._answered.get(pod.uid) != pod.eject_requested_at
        )

    def _plan(self, fleet: Fleet, asked: tuple[Pod, ...]) -> Plan:
        assignment, lost = self._desk.assignment, self._desk.ledger.lost_pods
        if lost:
            no = Reason.WORKLOAD_SELECTS_TRAFFIC, lost
        elif assignment.stance is not Stance.GUARD:
            no = assignment.reason, assignment.message
        else:
            return plan_requests(fleet, assignment.policy, asked, self._clock.wall())
        return Plan(refused=tuple(refusal(pod, *no) for pod in asked))

    def _eject(self, intent: Intent, fleet: Fleet) -> bool:
        """False where it has to wait: its turn has not come, or the API server does not answer."""
        if self._desk.shared.ejections.take(self._desk.assignment.key):
            return False
        try:
            return self._actuator.eject(
                self._desk, intent, fleet, decided_at=self._clock.monotonic()
            )
        except (ApiUnavailable, Throttled):
            return False

    def _refuse_all(self, plan: Plan) -> bool:
        failed = False
        for refused in plan.refused:
            self._tell(refused)
            self._answered[refused.pod.uid] = refused.pod.eject_requested_at
            if self._desk.assignment.stance is Stance.DRY_RUN:
                continue  # nothing is written to pods
            try:
                self._actuator.drop_request(refused.pod)
            except ApiError as error:
                failed = True
                self._desk.log.warning(
                    "Could not take a request off its pod",
                    pod=refused.pod.name,
                    error=str(error),
                )
        return failed

    def _tell(self, refused: Refusal) -> None:
        desk, pod = self._desk, refused.pod
        desk.ledger.record(
            Decision(
                self._clock.wall(),
                Reason.EJECTION_REFUSED,
                pod.name,
                pod.uid,
                refused.breaker,
                refused.reason,
                refused.note,
            )
        )
        desk.shared.events.record(
            desk.reference,
            type=EventType.WARNING,
            reason=Reason.EJECTION_REFUSED,
            action="Eject",
            note=f"Pod {pod.name}: {refused.reason}: {refused.note}",
            related=pod,
        )
        desk.log.info("Refused to eject pod", pod=pod.name, why=refused.note)
        desk.changed()
