"""A small world to run the decisions in: an API server, a lagging watch, and others who act.

Every write names the version it was decided on, as the real ones do, and is unconfirmed until the
watch has shown it. The decisions, and the ledger between them, are the product's own.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

from kubervisor.runtime.ledger import Ledger
from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.budget import fleet_floor, floor_of
from kubervisor.traffic.membership import is_member, plan_membership
from kubervisor.traffic.model import Ejection, Fleet, Pod, PodUid, Traffic
from kubervisor.traffic.plan import Action, Intent
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.returns import (
    ejected_pods,
    plan_due_returns,
    plan_early_returns,
    plan_lost_returns,
)
from kubervisor.traffic.terminations import Circumstances, plan_terminations
from tests.builders import KEY, NOW, a_pod, a_verdict

STEP = 5.0


class World:
    """Five seconds at a time: others act, the watch catches up, breakers and activator decide."""

    def __init__(self, policy: ServicePolicy, size: int, seed: int) -> None:
        self.policy, self.dice = policy, random.Random(seed)
        self.size, self.now, self._born = size, 0.0, 0
        self.stored: dict[PodUid, Pod] = {}
        self.shown: dict[PodUid, Pod] = {}
        self.unconfirmed: dict[PodUid, Action] = {}
        self.ledger = Ledger()
        self.outliers: set[PodUid] = set()
        self.ejections = self.terminations = 0
        self.replace_missing()
        for uid, pod in self.stored.items():
            self.stored[uid] = replace(pod, phase="Running", ready=True)
        self.catch_up(1.0)

    # What others do

    def replace_missing(self) -> None:
        """The workload's controller creates unlabelled pods up to its size and deletes above it."""
        while len(self.stored) < self.size:
            pod = a_pod(f"pricer-{self._born:04}").unlabelled().pending()
            self.stored[pod.uid] = replace(pod, created_at=NOW + self.now)
            self._born += 1
        for uid in sorted(self.stored)[self.size :]:
            del self.stored[uid]

    def disturb(self) -> None:
        """A crash, a recovery, a scaling, a change of who is an outlier."""
        for uid, pod in self.stored.items():
            ready = self.dice.random() < (0.97 if pod.ready else 0.5)
            if ready is not pod.ready:
                self._store(replace(pod, ready=ready, phase="Running"))
            if self.dice.random() < 0.1:
                self.outliers ^= {uid}
        if self.dice.random() < 0.05:
            self.size = self.dice.randint(1, 12)
        self.replace_missing()

    def calm(self) -> None:
        """Nobody disturbs any more: no outliers, every pod starts."""
        self.outliers.clear()
        for pod in list(self.stored.values()):
            if not pod.ready:
                self._store(replace(pod, ready=True, phase="Running"))
        self.replace_missing()

    def catch_up(self, share: float) -> None:
        """The watch shows the latest state of some pods."""
        for uid in sorted({*self.stored, *self.shown}):  # the same dice, the same world
            if self.dice.random() < share:
                self.unconfirmed.pop(uid, None)
                if uid in self.stored:
                    self.shown[uid] = self.stored[uid]
                else:
                    self.shown.pop(uid, None)

    # What the product does

    def fleet(self) -> Fleet:
        """The picture that decisions are made on."""
        pods = tuple(p for p in sorted(self.shown.values(), key=lambda p: p.name) if is_member(p))

        def writes(action: Action) -> frozenset[PodUid]:
            return frozenset(p.uid for p in pods if self.unconfirmed.get(p.uid) is action)

        return Fleet(
            KEY,
            pods,
            ejecting=writes(Action.EJECT),
            returning=writes(Action.RETURN),
            terminating=writes(Action.TERMINATE),
            unreplaced=self.ledger.unreplaced(pods, now=self.now),
        )

    def judge(self, breaker: BreakerPolicy) -> None:
        """One evaluation: eject one pod at a time, each on a picture gathered anew."""
        fleet = self.fleet()
        marked = [p.name for p in fleet.pods if p.uid in self.outliers and p.ready]
        verdict = a_verdict(fleet, marked, breaker=breaker.name, at=NOW + self.now)
        memory = self.ledger.judged(verdict, breaker)
        self.ledger.confirm(fleet, verdict)
        tried: set[PodUid] = set()
        while True:
            fresh = tuple(f for f in verdict.findings if f.pod not in tried)
            plan = plan_ejections(
                self.fleet(),
                replace(verdict, findings=fresh),
                breaker,
                self.policy,
                memory,
                now=NOW + self.now,
            )
            if not plan.intents:
                return
            tried.add(plan.intents[0].pod.uid)
            self._eject(plan.intents[0], breaker)

    def activate(self) -> None:
        """One pass of the Activator."""
        fleet, ledger = self.fleet(), self.ledger
        floor = fleet_floor(fleet.size, self.policy)
        self._apply(plan_membership(fleet, fleet.pods, others=()).intents)
        left = ledger.remaining(fleet, self.policy, now=self.now, wall=NOW + self.now)
        circumstances = Circumstances(
            below_floor=len(fleet.serving) < floor,
            confirmed=ledger.confirmed,
            pausing=ledger.pausing,
        )
        ended = plan_terminations(fleet, self.policy, circumstances)
        due = plan_due_returns(
            fleet,
            self.policy,
            left,
            ending={i.pod.uid for i in ended.intents},
            flagged={},
            recent=[self.now - at for at in ledger.returns],
        )
        early = plan_early_returns(fleet, floor, ledger.scores())
        assert len(early.intents) <= max(0, floor - len(fleet.serving))
        intents = (*plan_lost_returns(fleet).intents, *early.intents, *ended.intents, *due.intents)
        self._apply({i.pod.uid: i for i in reversed(intents)}.values())

    def restart(self) -> None:
        """Another leader starts, with nothing but what is on the pods; it begins with a LIST."""
        self.ledger = Ledger()
        self.catch_up(1.0)

    def _eject(self, intent: Intent, breaker: BreakerPolicy) -> None:
        ejection = f"ejection-{self.ejections}"
        self.ejections += 1
        until = NOW + self.now + intent.hold
        pod = intent.pod
        before = self.fleet()
        out = replace(
            pod,
            traffic=Traffic.NO,
            claimed_by=KEY.name,
            retries=intent.retries,
            ejection=Ejection(ejection, breaker.name, NOW + self.now, until),
        )
        if not self._write(pod, out, Action.EJECT):
            return
        self.ledger.ejected(
            pod, breaker.name, ejection, now=self.now, wall=NOW + self.now, hold=intent.hold
        )
        # I1: on everything known at the time, our write left the floor.
        assert before.is_serving(pod)
        floor = floor_of(before.size, breaker, self.policy.budget)
        assert len(self.fleet().serving) >= floor >= 1

    def _apply(self, intents: Iterable[Intent]) -> None:
        for intent in intents:
            pod = intent.pod
            match intent.action:
                case Action.ADOPT:
                    label = pod.traffic or Traffic.YES
                    self._write(pod, replace(pod, traffic=label, claimed_by=KEY.name), None)
                case Action.RETURN:
                    back = NOW + self.now
                    free = replace(pod, traffic=Traffic.YES, ejection=None, returned_at=back)
                    if self._write(pod, free, Action.RETURN):
                        self.ledger.returns = [*self.ledger.returns, self.now]
                case Action.PAUSE:
                    if self._write(pod, replace(pod, traffic=Traffic.PAUSE), None):
                        self.ledger.pausing.add(pod.uid)
                case Action.TERMINATE:
                    self._terminate(pod)
                case _:
                    raise AssertionError(intent)

    def _terminate(self, pod: Pod) -> None:
        fleet = self.fleet()
        assert not fleet.unreplaced, "one unreplaced termination at a time"
        assert not fleet.terminating, "one termination at a time"
        if self.stored.get(pod.uid) == pod:
            del self.stored[pod.uid]
            self.unconfirmed[pod.uid] = Action.TERMINATE
            self.ledger.terminated(fleet, now=self.now)
            self.terminations += 1

    def _write(self, decided_on: Pod, new: Pod, action: Action | None) -> bool:
        """False where the pod is another by now: a conflict."""
        if self.stored.get(decided_on.uid) != decided_on:
            return False
        self._store(new)
        if action is not None:
            self.unconfirmed[new.uid] = action
        return True

    def _store(self, pod: Pod) -> None:
        self.stored[pod.uid] = replace(pod, version=str(int(pod.version) + 1))

    @property
    def stranded(self) -> list[str]:
        """Pods that we keep out of traffic, but for those paused."""
        return [pod.name for pod in self.stored.values() if pod.traffic is not Traffic.YES]

    @property
    def waiting(self) -> bool:
        """True while a hold runs."""
        return bool(ejected_pods(self.fleet()))
