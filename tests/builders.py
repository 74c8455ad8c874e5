"""Pods, fleets, policies and verdicts for tests, in the words of the decision.

A test names what matters to it and leaves the rest: `a_pod("web-1").ejected(at=NOW - 5)`,
`a_fleet(10).with_ejected(1).with_paused(1)`. Drafts are values; each method returns a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from kubervisor.traffic.detector_policy import CustomPolicy, SourceRef
from kubervisor.traffic.model import (
    Ejection,
    Fleet,
    Neighbour,
    Owner,
    Pod,
    PodUid,
    ServiceKey,
    Traffic,
)
from kubervisor.traffic.plan import Action, Intent, Plan
from kubervisor.traffic.policy import (
    ActivatorMode,
    ActivatorPolicy,
    BreakerPolicy,
    BudgetPolicy,
    Matches,
    ServicePolicy,
)
from kubervisor.traffic.verdict import Finding, Judgement, Verdict

NOW = 1_800_000_000.0
"""The instant at which tests decide, Unix seconds."""

KEY = ServiceKey("shop", "pricer")
BREAKER = "errors"
WORKLOAD = Owner("ReplicaSet", "pricer-7d9", "rs-1")


class PodDraft(Pod):
    """A pod that is like another but for what the method says."""

    __slots__ = ()

    def not_ready(self) -> PodDraft:
        return replace(self, ready=False)

    def pending(self) -> PodDraft:
        return replace(self, ready=False, phase="Pending", started_at=None)

    def ejected(
        self,
        *,
        by: str = BREAKER,
        at: float | None = NOW,
        until: float | None = None,
        retries: int = 1,
        id: str | None = None,
    ) -> PodDraft:
        owner = self.owner.uid if self.owner else ""
        ejection = Ejection(
            f"ejection-of-{self.name}" if id is None else id, by, at, until, owner_uid=owner
        )
        return replace(self, traffic=Traffic.NO, ejection=ejection, retries=retries)

    def paused(self, *, by: str = BREAKER) -> PodDraft:
        return replace(self.ejected(by=by), traffic=Traffic.PAUSE)

    def held_by_hand(self, traffic: Traffic = Traffic.NO) -> PodDraft:
        return replace(self, traffic=traffic, ejection=None)

    def unlabelled(self) -> PodDraft:
        return replace(self, traffic=None, claimed_by=None)

    def claimed(self, by: str | None) -> PodDraft:
        return replace(self, claimed_by=by)

    def returned(self, at: float, *, retries: int = 1) -> PodDraft:
        return replace(self, returned_at=at, retries=retries)

    def started(self, at: float | None) -> PodDraft:
        return replace(self, started_at=at)

    def owned_by(self, kind: str, name: str = "pricer") -> PodDraft:
        return replace(self, owner=Owner(kind, name, f"{kind}-{name}"))

    def bare(self) -> PodDraft:
        return replace(self, owner=None)

    def of_version(self, version: str, *, created: float = NOW - 3600) -> PodDraft:
        return replace(self, labels={"pod-template-hash": version}, created_at=created)

    def labelled(self, **labels: str) -> PodDraft:
        return replace(self, labels={**self.labels, **labels})


def a_pod(name: str = "pricer-0") -> PodDraft:
    """A pod that has served for an hour."""
    return PodDraft.serving(
        name,
        uid=f"uid-of-{name}",
        namespace=KEY.namespace,
        claimed_by=KEY.name,
        created_at=NOW - 3600,
        started_at=NOW - 3600,
        owner=WORKLOAD,
    )


class FleetDraft(Fleet):
    """A fleet in which some pods, the last ones that still serve, are something else."""

    __slots__ = ()

    def with_ejected(self, count: int = 1, *, by: str = BREAKER, ready: bool = True) -> FleetDraft:
        ejected = self._change(count, lambda pod: pod.ejected(by=by))
        if ready:
            return ejected
        return replace(
            ejected,
            pods=tuple(replace(p, ready=False) if p.ejection else p for p in ejected.pods),
        )

    def with_paused(self, count: int = 1) -> FleetDraft:
        return self._change(count, PodDraft.paused)

    def with_manual_holds(self, count: int = 1) -> FleetDraft:
        return self._change(count, PodDraft.held_by_hand)

    def with_not_ready(self, count: int = 1) -> FleetDraft:
        return self._change(count, PodDraft.not_ready)

    def with_pending(self, count: int = 1) -> FleetDraft:
        return self._change(count, PodDraft.pending)

    def with_unconfirmed(self, action: Action, *names: str) -> FleetDraft:
        """With a write to these pods that the watch has not shown yet."""
        uids = self.uids(*names)
        return replace(
            self,
            ejecting=uids if action is Action.EJECT else self.ejecting,
            returning=uids if action is Action.RETURN else self.returning,
            terminating=uids if action is Action.TERMINATE else self.terminating,
        )

    def uids(self, *names: str) -> frozenset[PodUid]:
        return frozenset(self.pod(name).uid for name in names)

    def pod(self, name: str) -> Pod:
        return next(pod for pod in self.pods if pod.name == name)

    def _change(self, count: int, change: Callable[[PodDraft], PodDraft]) -> FleetDraft:
        untouched = [pod for pod in self.pods if self.is_serving(pod)]
        assert len(untouched) >= count, "the fleet has no more serving pods to change"
        chosen = {pod.uid for pod in untouched[len(untouched) - count :]}
        return replace(
            self,
            pods=tuple(
                change(pod) if pod.uid in chosen and isinstance(pod, PodDraft) else pod
                for pod in self.pods
            ),
        )


def a_fleet(size: int = 10) -> FleetDraft:
    """`size` serving pods, pricer-00, pricer-01, …"""
    return fleet_of(*(a_pod(f"pricer-{index:02}") for index in range(size)))


def fleet_of(*pods: Pod, unreplaced: int = 0, neighbours: Iterable[Neighbour] = ()) -> FleetDraft:
    """The fleet of these pods, in name order."""
    return FleetDraft(
        key=KEY,
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
        unreplaced=unreplaced,
        neighbours=tuple(neighbours),
    )


def a_breaker(
    name: str = BREAKER,
    *,
    count: int | None = None,
    ratio: int | None = None,
    activator: ActivatorPolicy | None = None,
    matches: Matches | None = None,
    warm_up: float = 0.0,
    on_requests: bool = False,
) -> BreakerPolicy:
    """A breaker with a custom detector; the detector does not matter to the decision."""
    return BreakerPolicy(
        name=name,
        detector=CustomPolicy(SourceRef(address="oracle.shop")),
        activator=activator or ActivatorPolicy(),
        min_available_count=count,
        min_available_percent=ratio,
        matches=matches or Matches(),
        warm_up=warm_up,
        on_requests=on_requests,
    )


def an_activator(
    mode: str = "periodic",
    *,
    period: float = 10.0,
    max_retries: int = 3,
    max_paused: int = 1,
    max_period: float | None = None,
    jitter_percent: float = 0.0,
    probation: float = 0.0,
    return_stagger: float = 0.0,
) -> ActivatorPolicy:
    """The original's defaults, but for what is named."""
    return ActivatorPolicy(
        mode=ActivatorMode(mode),
        period=period,
        max_retries=max_retries,
        max_paused=max_paused,
        max_period=max_period,
        jitter_percent=jitter_percent,
        probation=probation,
        return_stagger=return_stagger,
    )


def a_policy(
    *breakers: BreakerPolicy,
    budget: BudgetPolicy | None = None,
    peer_group: str | None = None,
    activator: ActivatorPolicy | None = None,
) -> ServicePolicy:
    """The policy of these breakers; one breaker where none is named."""
    default = activator or ActivatorPolicy()
    return ServicePolicy(
        service="pricer",
        breakers=breakers or (a_breaker(activator=default),),
        default_activator=default,
        budget=budget or BudgetPolicy(),
        peer_group=peer_group,
    )


def a_verdict(
    fleet: Fleet,
    outliers: Iterable[str] | Mapping[str, float],
    *,
    breaker: str = BREAKER,
    at: float = NOW,
    window: float = 0.0,
    inconclusive: Iterable[str] = (),
) -> Verdict:
    """Every Ready member judged: `outliers`, perhaps with scores, in this order; then the rest."""
    scores = dict(outliers) if isinstance(outliers, Mapping) else dict.fromkeys(outliers, 1.0)
    pods = {pod.name: pod for pod in fleet.pods}
    unsure = set(inconclusive)

    def finding(pod: Pod) -> Finding:
        if pod.name in scores:
            score = scores[pod.name]
            said = f"{pod.name} scores {score:g}"
            return Finding(pod.uid, pod.name, Judgement.OUTLIER, score=score, said=said)
        fine = Judgement.INCONCLUSIVE if pod.name in unsure else Judgement.FINE
        return Finding(pod.uid, pod.name, fine, said="as the others")

    judged = [pods[name] for name in scores]
    judged += [pod for pod in fleet.pods if pod.ready and pod.name not in scores]
    return Verdict(breaker, at, window, tuple(finding(pod) for pod in judged))


def names(plan: Plan | Iterable[Intent]) -> list[str]:
    """The pods of a plan's intents, in order."""
    intents = plan.intents if isinstance(plan, Plan) else plan
    return [intent.pod.name for intent in intents]


def reasons(plan: Plan) -> dict[str, str]:
    """Why each refused pod was refused."""
    return {refusal.pod.name: str(refusal.reason) for refusal in plan.refused}
