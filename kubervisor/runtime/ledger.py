"""What the two loops of one Service know beyond the pods: holds, memories, findings, decisions.

Everything here may be lost in a restart; what must not is on the pods. Used under the Service's
lock, but for `Ledger.decisions` and the flags that the status reads, which are replaced and never
mutated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.runtime.holds import Holds
from kubervisor.traffic.detector_policy import DetectorPolicy, WithoutQueries
from kubervisor.traffic.evidence import Memory, remember, with_ejection
from kubervisor.traffic.model import Fleet, Pod, PodUid
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.returns import ejected_pods
from kubervisor.traffic.verdict import Verdict

REMEMBERED_DECISIONS = 20
REPLACEMENT_AWAITED = 600.0
"""Seconds a terminated pod counts as a member while nothing has replaced it."""


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Why a breaker's source gives no usable answer; `asked` is what was asked for it."""

    reason: str
    message: str
    asked: DetectorPolicy | None = None

    def is_news(self, known: SourceProblem | None) -> bool:
        """False where `known` says the same; wording may differ (times, offsets) from step to
        step.
        """
        return known is None or (known.reason, known.asked) != (self.reason, self.asked)


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the record: what was done to which pod, when (Unix seconds), and why."""

    at: float
    action: str
    pod: str
    uid: str
    breaker: str
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class KeptOutlier:
    """An outlier that stays in traffic, since when (Unix seconds) and by which rule; `evidence` is
    that of the first such step.
    """

    pod: str
    uid: str
    breaker: str
    since: float
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Protection:
    """A PodDisruptionBudget refused to have a pod evicted in this ejection; ask again at
    `again`.
    """

    ejection: str
    again: float


@dataclass(frozen=True, slots=True)
class _Terminated:
    known: frozenset[PodUid]
    at: float


@dataclass(slots=True)
class Ledger:
    """One Service's ledger. Instants are monotonic seconds unless they say wall.

    `blind` counts the failures in a row of each breaker's source; `problems` are those worth
    telling. `mismatched` says of breakers why the samples of their query are not the fleet's.
    """

    holds: Holds = field(default_factory=Holds)
    memories: dict[str, Memory] = field(default_factory=dict)
    flagged: dict[str, frozenset[PodUid]] = field(default_factory=dict)
    confirmed: frozenset[tuple[PodUid, str]] = frozenset()
    panicking: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exhausted: dict[str, str] = field(default_factory=dict)
    kept: dict[str, tuple[KeptOutlier, ...]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    blind: dict[str, int] = field(default_factory=dict)
    problems: dict[str, SourceProblem] = field(default_factory=dict)
    mismatched: dict[str, str] = field(default_factory=dict)
    no_samples: frozenset[str] = frozenset()
    lost_pods: str = ""
    returns: list[float] = field(default_factory=list)
    pausing: set[PodUid] = field(default_factory=set)
    protected: dict[PodUid, Protection] = field(default_factory=dict)
    deferred: dict[PodUid, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    labelled: bool = False
    restored: bool = False
    decisions: tuple[Decision, ...] = ()
    _terminated: list[_Terminated] = field(default_factory=list)

    def record(self, decision: Decision) -> None:
        """Keep the decision among the last twenty, newest last."""
        self.decisions = (*self.decisions, decision)[-REMEMBERED_DECISIONS:]

    def keep_breakers(self, policy: ServicePolicy) -> None:
        """Forget what belongs to breakers that the policy no longer has."""
        names = {breaker.name for breaker in policy.breakers}
        for known in (
            self.memories,
            self.flagged,
            self.panicking,
            self.exhausted,
            self.kept,
            self.versions,
            self.blind,
            self.problems,
            self.mismatched,
        ):
            for name in known.keys() - names:
                del known[name]
        self.no_samples &= names

    def judged(self, verdict: Verdict, breaker: BreakerPolicy) -> Memory:
        """The breaker's memory after `verdict`; the source answered."""
        memory = remember(
            self.memories.get(breaker.name, Memory()), verdict, steps=breaker.matches.of
        )
        self.memories[breaker.name] = memory
        if isinstance(breaker.detector, WithoutQueries):
            self.flagged[breaker.name] = frozenset(f.pod for f in verdict.outliers)
        self.problems.pop(breaker.name, None)
        self.blind.pop(breaker.name, None)
        self.answered.add(breaker.name)
        if bool(verdict.reason) != (breaker.name in self.no_samples):
            self.no_samples ^= {breaker.name}
        return memory

    def confirm(self, fleet: Fleet, verdict: Verdict) -> None:
        """Ejections of this breaker that the verdict still asks for are confirmed."""
        if not verdict.outliers:
            return
        outliers = {finding.pod for finding in verdict.outliers}
        self.confirmed |= {
            (pod.uid, pod.ejection.id)
            for pod in ejected_pods(fleet)
            if pod.ejection and pod.ejection.breaker == verdict.breaker and pod.uid in outliers
        }

    def ejected(
        self, pod: Pod, breaker: str, ejection: str, *, now: float, wall: float, hold: float
    ) -> None:
        """An ejection was written: its hold runs from now, and it is confirmed."""
        self.holds.begin(pod.uid, ejection, now=now, seconds=hold)
        self.confirmed |= {(pod.uid, ejection)}
        memory = self.memories.get(breaker, Memory())
        self.memories[breaker] = with_ejection(memory, pod.uid, wall)

    def returned(self, policy: ServicePolicy, now: float) -> None:
        """A pod got its traffic back; remembered for as long as a stagger asks for."""
        activators = [policy.default_activator, *(b.activator for b in policy.breakers)]
        longest = max(activator.return_stagger for activator in activators)
        self.returns = [at for at in (*self.returns, now) if now - at < longest]

    def terminated(self, fleet: Fleet, *, now: float) -> None:
        """A pod was terminated: it counts as a member until a pod that is new here replaces it."""
        self._terminated.append(_Terminated(frozenset(pod.uid for pod in fleet.pods), now))

    def unreplaced(self, pods: Iterable[Pod], *, now: float) -> int:
        """How many terminated pods are gone from `pods` and have no replacement yet."""
        if not self._terminated:
            return 0
        present = {pod.uid for pod in pods}
        self._terminated = [
            gone
            for gone in self._terminated
            if not present - gone.known and now - gone.at < REPLACEMENT_AWAITED
        ]
        return sum(not gone.known <= present for gone in self._terminated)

    def remaining(
        self, fleet: Fleet, policy: ServicePolicy, *, now: float, wall: float
    ) -> Mapping[PodUid, float]:
        """Seconds left of each ejected pod's hold; a hold seen for the first time starts here.

        What is known of pods and ejections that are gone is forgotten.
        """
        pods = ejected_pods(fleet)
        known = self.holds, self.pausing, self.confirmed, self.deferred, self.protected
        if not (pods or any(known)):
            return {}
        present = {pod.uid for pod in fleet.pods}
        self.holds.keep(present)
        self.pausing = {p.uid for p in pods if p.uid in self.pausing}
        # An ejection that the watch has not shown yet is known by its hold.
        current = {(pod.uid, pod.ejection.id) for pod in pods if pod.ejection}
        current |= self.holds.ejections
        self.confirmed &= current
        self.deferred = {uid: why for uid, why in self.deferred.items() if uid in present}
        self.protected = {
            uid: kept for uid, kept in self.protected.items() if (uid, kept.ejection) in current
        }
        return self.holds.remaining(pods, policy, now=now, wall=wall)

    def spared(self, remaining: Mapping[PodUid, float], *, now: float) -> frozenset[PodUid]:
        """Pods not to be evicted now: a budget refused it, and their hold is over, or it is too
        soon to ask again. Once the hold is over they return.
        """
        return frozenset(
            uid
            for uid, protection in self.protected.items()
            if remaining.get(uid, 0.0) <= 0 or now < protection.again
        )

    def still_flagged(self, *, now: float) -> Mapping[PodUid, float]:
        """Pods that evidence without traffic calls outliers, and for how long they have been
        held.
        """
        flagged = frozenset[PodUid]().union(*self.flagged.values())
        return self.holds.held_for(flagged, now=now)

    def scores(self) -> Mapping[PodUid, float]:
        """The worst last score of each pod over all breakers."""
        worst: dict[PodUid, float] = {}
        for memory in self.memories.values():
            for uid, streak in memory.streaks.items():
                worst[uid] = max(worst.get(uid, 0.0), streak.score)
        return worst
