"""One KubervisorService in virtual time.

The decisions are those of `run`, in the same order; pods are values held here, every write succeeds
at once, and the caller says what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from kubervisor.replay.outcomes import Ejected, Evaluation, GivenBack, Paused, Returned, Terminated
from kubervisor.runtime.held import held
from kubervisor.runtime.ledger import Ledger
from kubervisor.traffic.activator import plan_returns
from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.budget import allowance
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.evidence import Memory
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.membership import is_member
from kubervisor.traffic.model import Ejection, Fleet, Pod, PodUid, ServiceKey, Traffic
from kubervisor.traffic.plan import Action, Intent, Plan, Refusal
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Verdict

ENDS: dict[Action, type[Returned] | type[Paused] | type[Terminated]] = {
    Action.RETURN: Returned,
    Action.PAUSE: Paused,
    Action.TERMINATE: Terminated,
}


class Guard:
    """Judges, ejects and returns as `run` does. Instants are Unix seconds and never go back.

    What depends on other Services and on the API server is not replayed: pods shared with another
    Service, PodDisruptionBudgets, failed writes, and the limit on ejections per second of a whole
    process.
    """

    def __init__(self, key: ServiceKey, policy: ServicePolicy) -> None:
        self.key, self.policy = key, policy
        self._given: dict[PodUid, Pod] = {}
        self._pods: dict[PodUid, Pod] = {}
        self._ending: set[PodUid] = set()
        self._ledger = Ledger()
        self._fleet: Fleet | None = None
        self._now = -math.inf
        self._wake: float | None = None
        self._ejections = 0
        self._refused: dict[str, frozenset[tuple[PodUid, Reason]]] = {}

    def admit(self, pods: Iterable[Pod]) -> None:
        """These are the pods now. New ones join labelled `yes`, missing ones leave.

        Readiness and all else is taken from what is given, but for what Kubervisor writes on a pod:
        that is kept here.
        """
        given = {pod.uid: pod for pod in pods if is_member(pod)}
        self._pods = {
            uid: self._pods[uid] if self._given.get(uid) is pod else self._labelled(pod)
            for uid, pod in given.items()
        }
        self._given, self._fleet = given, None
        self._ending &= given.keys()

    def _labelled(self, pod: Pod) -> Pod:
        known = self._pods.get(pod.uid)
        if known is None:
            known = replace(pod, traffic=Traffic.YES, ejection=None, retries=0, returned_at=None)
        return replace(
            pod,
            traffic=known.traffic,
            claimed_by=self.key.name,
            ejection=known.ejection,
            retries=known.retries,
            returned_at=known.returned_at,
        )

    @property
    def fleet(self) -> Fleet:
        """The members as every decision sees them."""
        if self._fleet is None or self._fleet.unreplaced:
            pods = tuple(sorted(self._pods.values(), key=lambda pod: pod.name))
            self._fleet = Fleet(
                self.key,
                pods,
                terminating=frozenset(self._ending),
                unreplaced=self._ledger.unreplaced(pods, now=self._now),
            )
        return self._fleet

    def memory(self, breaker: str) -> Memory:
        """What the breaker remembers of its last steps."""
        return self._ledger.memories.get(breaker, Memory())

    @property
    def next_return(self) -> float | None:
        """When `give_back` should be called next at the latest; None where no pod waits for it."""
        return self._wake

    def evaluate(self, breaker: BreakerPolicy, measurement: Measurement, now: float) -> Evaluation:
        """One step of `breaker`: judge, then eject one pod at a time on a fleet gathered anew."""
        self._now = now
        fleet, policy = self.fleet, self.policy
        verdict = judge(breaker, measurement, fleet, now=now, peer_group=policy.peer_group)
        memory = self._ledger.judged(verdict, breaker)
        self._ledger.confirm(fleet, verdict)
        ejected: list[Ejected] = []
        tried: set[PodUid] = set()
        while True:
            left = verdict.without(tried)
            plan = plan_ejections(self.fleet, left, breaker, policy, memory, now=now)
            if policy.dry_run or not plan.intents:
                break
            tried.add(plan.intents[0].pod.uid)
            ejected.append(self._eject(plan.intents[0], breaker, verdict))
        self._ledger.panicking[breaker.name] = plan.panicking
        ejected += self._newly_refused(breaker, plan, verdict)
        return Evaluation(verdict, plan, tuple(ejected))

    def give_back(self, now: float) -> tuple[GivenBack, ...]:
        """Return whoever is due, pause or terminate what never recovers; in the order of the
        writes.
        """
        self._now = now
        done: list[GivenBack] = []
        while self._wake is not None:
            fleet = self.fleet
            known = held(
                self._ledger, fleet, self.policy, now=now, wall=now, ends=not self.policy.dry_run
            )
            plan = plan_returns(fleet, self.policy, known)
            done += [self._end(intent, fleet) for intent in plan.writes]
            if not plan.intents:
                self._wake = None if plan.wake_in is None else now + plan.wake_in
                break
        return tuple(done)

    def _eject(self, intent: Intent, breaker: BreakerPolicy, verdict: Verdict) -> Ejected:
        pod, now = intent.pod, self._now
        room = allowance(self.fleet, breaker, self.policy.budget)
        self._ejections += 1
        ejection = Ejection(
            id=str(self._ejections),
            breaker=breaker.name,
            at=now,
            until=now + intent.hold,
            reason=intent.reason,
            evidence=intent.evidence,
            owner_uid=pod.owner.uid if pod.owner else "",
        )
        self._store(replace(pod, traffic=Traffic.NO, ejection=ejection, retries=intent.retries))
        self._ledger.ejected(pod, breaker.name, ejection.id, now=now, wall=now, hold=intent.hold)
        ends = now + intent.hold
        self._wake = ends if self._wake is None else min(self._wake, ends)
        evidence = f"{intent.evidence}; {room}; out for {intent.hold:.3g} s"
        return Ejected(now, pod.uid, pod.name, breaker.name, _score(verdict, pod), evidence)

    def _newly_refused(self, breaker: BreakerPolicy, plan: Plan, verdict: Verdict) -> list[Ejected]:
        """The outliers of the last plan that stay, each when its rule says so for the first
        time.
        """
        wishes = [
            Refusal(intent.pod, Reason.DRY_RUN, breaker.name, intent.evidence)
            for intent in plan.intents
        ]
        wishes += [r for r in plan.refused if r.reason is not Reason.MATCHES_NOT_REACHED]
        before = self._refused.get(breaker.name, frozenset())
        self._refused[breaker.name] = frozenset((w.pod.uid, w.reason) for w in wishes)
        return [
            Ejected(
                at=self._now,
                uid=wish.pod.uid,
                pod=wish.pod.name,
                breaker=breaker.name,
                score=_score(verdict, wish.pod),
                evidence=wish.note,
                enforced=False,
                refused_by=wish.reason,
            )
            for wish in wishes
            if (wish.pod.uid, wish.reason) not in before
        ]

    def _end(self, intent: Intent, fleet: Fleet) -> GivenBack:
        pod, now = intent.pod, self._now
        match intent.action:
            case Action.RETURN:
                self._store(replace(pod, traffic=Traffic.YES, ejection=None, returned_at=now))
                self._ledger.returned(self.policy, now)
            case Action.PAUSE:
                self._store(replace(pod, traffic=Traffic.PAUSE))
            case Action.TERMINATE:
                self._ending.add(pod.uid)
                self._fleet = None
                self._ledger.terminated(fleet, now=now)
        return ENDS[intent.action](
            now, pod.uid, pod.name, intent.breaker, intent.reason, intent.evidence
        )

    def _store(self, pod: Pod) -> None:
        self._pods[pod.uid], self._fleet = pod, None


def _score(verdict: Verdict, pod: Pod) -> float:
    return next((f.score for f in verdict.findings if f.pod == pod.uid), 0.0)
