"""The Activator of one Service: labels members, gives traffic back, ends what never recovers."""

from __future__ import annotations

from dataclasses import replace

from kubervisor.errors import ApiError
from kubervisor.kube.events import EventType
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.assignment import Assignment, Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.held import held
from kubervisor.runtime.requests import Requests
from kubervisor.runtime.telling import tell_deferred
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic import keys
from kubervisor.traffic.activator import plan_returns
from kubervisor.traffic.membership import plan_membership, plan_release
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.plan import Intent, Plan
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.returns import plan_hand_returns, plan_return_of_all

SAFETY_NET, QUIET_NET = 5.0, 30.0
"""Seconds between steps when nothing wakes the loop, with and without pods that are out: pods wake
it, and so do the next due return and a write that nobody knows the end of.
"""
RETRY = 0.5
PAUSED_LONG = 3600.0
SHORTEST = 0.02


class Activator:
    """`step` is called by a Loop, at each change of a member and when the next hold is over."""

    def __init__(self, desk: Desk, actuator: Actuator) -> None:
        self._desk, self._actuator = desk, actuator
        self._clock = desk.shared.clock
        self._requests = Requests(desk, actuator)
        self._reminded = False
        self._idle = False

    def is_idle(self) -> bool:
        """True where the last step found nothing to do, now or at a time that it knows."""
        return self._idle

    def step(self) -> float:
        """One pass; returns the seconds until the next due return, a few seconds at most."""
        desk = self._desk
        self._idle = False
        with desk.lock:
            assignment = desk.assignment
            if assignment.stance is Stance.STOPPED:
                return SAFETY_NET
            if assignment.stance is Stance.HOLD:
                self._hold(assignment)
                return SAFETY_NET
            traffic_metrics.PAUSED_SECONDS.labels(*self._service).set(0)
            self._reminded = False
            desk.ledger.holds.thaw(self._clock.monotonic())
            fleet = desk.fleet_alone()
            failed = self._settle(fleet)
            plan = self._plan(assignment, fleet)
            failed |= self._apply(plan, fleet)
            for refusal in plan.refused:
                tell_deferred(desk, refusal.pod, refusal.note)
            failed |= self._requests.step(fleet)
        if plan.intents:
            desk.changed()
        if failed:
            return RETRY
        quiet = assignment.stance is Stance.GUARD and not (fleet.out or fleet.is_changing)
        # What was written is no reason: the watch shows it, and all but a label as no routine.
        self._idle = quiet and not (plan.refused or plan.wake_in)
        net = QUIET_NET if quiet else SAFETY_NET
        return max(SHORTEST, min(net, plan.wake_in or net))

    @property
    def _service(self) -> tuple[str, str]:
        key = self._desk.assignment.key
        return key.namespace, key.name

    def _hold(self, assignment: Assignment) -> None:
        """Nothing is written to pods; whoever forgot to resume is reminded."""
        desk, now = self._desk, self._clock.monotonic()
        # A hold that is first seen while paused starts here, and stands still like the others.
        desk.ledger.remaining(
            desk.fleet_alone(), assignment.policy, now=now, wall=self._clock.wall()
        )
        stood = desk.ledger.holds.freeze(now)
        traffic_metrics.PAUSED_SECONDS.labels(*self._service).set(stood)
        if stood > PAUSED_LONG and not self._reminded:
            self._reminded = True
            desk.log.warning("Paused for an hour", annotation=keys.PAUSE)
            desk.shared.events.record(
                desk.reference,
                type=EventType.WARNING,
                reason=Reason.PAUSED_LONG,
                action="Pause",
                note=f"Paused for an hour; remove the annotation {keys.PAUSE} to resume",
            )

    def _plan(self, assignment: Assignment, fleet: Fleet) -> Plan:
        claimed = self._desk.shared.gatherer.claimed(assignment.key)
        match assignment.stance:
            case Stance.RELEASE:
                return plan_release(claimed, assignment.reason)
            case Stance.DRY_RUN:
                ours = [p for p in fleet.pods if p.ejection is not None and fleet.is_ours(p)]
                return plan_return_of_all(ours, Reason.DRY_RUN_STARTED, "dry run returns all pods")
        membership = plan_membership(fleet, claimed, others=self._others(fleet))
        membership = Plan(membership.intents + plan_hand_returns(fleet).intents)
        if assignment.stance is Stance.GIVE_BACK:
            ours = [pod for pod in fleet.pods if fleet.is_ours(pod)]
            back = plan_return_of_all(
                ours, assignment.reason, "the Service does not select on kubervisor/traffic"
            )
            return Plan(membership.intents + back.intents)
        returns = self._plan_returns(assignment, fleet)
        return replace(returns, intents=membership.intents + returns.intents)

    def _others(self, fleet: Fleet) -> set[str]:
        """KubervisorServices that exist and whose name members carry: those pods are theirs."""
        names = {pod.claimed_by for pod in fleet.pods if pod.claimed_by} - {fleet.key.name}
        return {name for name in names if self._desk.shared.exists(fleet.key.namespace, name)}

    def _plan_returns(self, assignment: Assignment, fleet: Fleet) -> Plan:
        ledger, policy = self._desk.ledger, assignment.policy
        now, wall = self._clock.monotonic(), self._clock.wall()
        guarding = assignment.stance is Stance.GUARD
        plan = plan_returns(
            fleet, policy, held(ledger, fleet, policy, now=now, wall=wall, ends=guarding)
        )
        lost = [i for i in plan.intents if i.reason is Reason.WORKLOAD_SELECTS_TRAFFIC]
        if lost and not ledger.lost_pods:
            self._stop_ejecting(lost[0])
        return plan

    def _stop_ejecting(self, lost: Intent) -> None:
        """Relabelling costs the workload its pods: nobody is ejected until the spec changes."""
        desk = self._desk
        desk.ledger.lost_pods = f"Pod {lost.pod.name}: {lost.evidence}"
        desk.shared.events.record(
            desk.reference,
            type=EventType.WARNING,
            reason=Reason.WORKLOAD_SELECTS_TRAFFIC,
            action="Evaluate",
            note=f"{desk.ledger.lost_pods}; ejections stop until the spec changes",
        )

    def _settle(self, fleet: Fleet) -> bool:
        """Settle the writes that nobody knows the end of: until then they count as done and as
        not done. True where one could not be.
        """
        failed = False
        for pod in self._desk.shared.gatherer.in_doubt(fleet.pods):
            try:
                self._actuator.settle(self._desk, pod)
            except ApiError as error:
                failed = True
                self._desk.log.warning("Could not fence pod", pod=pod.name, error=str(error))
        return failed

    def _apply(self, plan: Plan, fleet: Fleet) -> bool:
        """Write the intents, one for each pod; True where one failed and should be tried again."""
        failed = False
        for intent in plan.writes:
            if self._desk.stopped.is_set():
                break
            failed |= not self._write(intent, fleet)
        return failed

    def _write(self, intent: Intent, fleet: Fleet) -> bool:
        try:
            self._actuator.apply(self._desk, intent, fleet)
        except ApiError as error:
            self._desk.log.warning(
                "Could not write to pod",
                action=intent.action.value,
                pod=intent.pod.name,
                error=str(error),
            )
            return False
        return True
