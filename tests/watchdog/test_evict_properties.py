"""Whatever fails, recovers and gets replaced: no eviction comes too early, and none is too many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.evicting import EvictionPolicy, plan_evictions
from kubervisor.watchdog.limits import HOUR, Eviction, Ledger, Limits, Watched, owner_of
from kubervisor.watchdog.scans import Scans
from tests.watchdog.pods_in_error import in_error

OWNERS = {"shop": "east", "cart": "east", "mail": "west"}
EACH = 4

policies = st.builds(
    EvictionPolicy,
    period=st.sampled_from([10.0, 60.0, 400.0]),
    scans=st.integers(1, 5),
    limits=st.builds(
        Limits,
        at_once=st.integers(1, 3),
        owner_hourly=st.integers(1, 4),
        namespace_hourly=st.integers(1, 6),
    ),
)

restarts = st.sets(st.integers(0, 80), max_size=5)
"""Before which looks the process is another one."""


@st.composite
def looks(draw: st.DrawFn) -> list[tuple[float, set[int], bool]]:
    """When somebody looks (seconds after the look before, as a share of the period), which places
    of pods are in error then, and whether replacements get Ready.
    """
    step = st.tuples(
        st.sampled_from([0.1, 0.5, 1.0, 1.0, 1.0, 1.2, 3.0]),
        st.sets(st.integers(0, len(OWNERS) * EACH - 1)),
        st.booleans(),
    )
    return draw(st.lists(step, max_size=80))


@dataclass
class World:
    """Pods in places; one that is evicted is replaced at once, by a pod that may not be Ready."""

    policy: EvictionPolicy
    now: float = 5000.0
    scans: Scans = field(default_factory=Scans)
    ledger: Ledger = field(default_factory=Ledger)
    pods: list[WatchedPod] = field(
        default_factory=lambda: [
            in_error(f"{owner}-{number}", owner, namespace=namespace)
            for owner, namespace in OWNERS.items()
            for number in range(EACH)
        ]
    )
    found: Counter[PodUid] = field(default_factory=Counter)
    """By our own count: scans in a row that found a pod in error."""
    last: float = 0.0
    evicted: list[tuple[float, Watched]] = field(default_factory=list)

    def restart(self) -> None:
        """Another process takes over; Events tell it what was evicted lately."""
        self.scans, self.found, self.last = Scans(), Counter(), 0.0
        self.ledger = Ledger(
            Eviction(pod.uid, pod.namespace, owner_of(pod), at)
            for at, pod in self.evicted
            if self.now - at <= HOUR
        )

    def look(self, after: float, failing: set[int], replacements_start: bool) -> None:
        self.now += after * self.policy.period
        names = {self.pods[place].uid: ("disk",) for place in failing}
        if self.now - self.last >= self.policy.period:
            self.found = Counter({uid: self.found[uid] + 1 for uid in names})
            self.last = self.now
        if replacements_start:
            self.pods = [replace(pod, ready=True) for pod in self.pods]
        self.scans = self.scans.after(names.keys(), self.now, self.policy.period)
        self.ledger.look(self.pods, self.now)
        plan = plan_evictions(
            names, self.pods, self.scans, self.ledger, self.policy, waits={}, now=self.now
        )
        before = list(self.pods)
        for intent in plan.intents:
            self.ledger.add(intent.pod, before, self.now)
            self.evicted.append((self.now, intent.pod))
            self._replace(intent.pod)

    def _replace(self, pod: Watched) -> None:
        owner = pod.owner.name if pod.owner else None
        uid = f"{pod.name}, number {len(self.evicted)}"
        new = in_error(pod.name, owner, namespace=pod.namespace, uid=uid, ready=False)
        self.pods = [new if one.uid == pod.uid else one for one in self.pods]


@given(policies, looks(), restarts)
def test_no_pod_is_evicted_before_it_was_in_error_in_so_many_scans_in_a_row(
    policy: EvictionPolicy, looks: list[tuple[float, set[int], bool]], restarts: set[int]
) -> None:
    world = World(policy)
    for number, look in enumerate(looks):
        if number in restarts:
            world.restart()
        known = len(world.evicted)
        world.look(*look)
        for _, pod in world.evicted[known:]:
            assert world.found[pod.uid] >= policy.scans


@given(policies, looks(), restarts)
def test_no_hour_has_more_evictions_than_the_limits(
    policy: EvictionPolicy, looks: list[tuple[float, set[int], bool]], restarts: set[int]
) -> None:
    world = World(policy)
    for number, look in enumerate(looks):
        if number in restarts:
            world.restart()
        world.look(*look)
    for begin, _ in world.evicted:
        within = [pod for at, pod in world.evicted if begin <= at <= begin + HOUR]
        owners = Counter(owner_of(pod) for pod in within)
        namespaces = Counter(pod.namespace for pod in within)
        assert max(owners.values()) <= policy.limits.owner_hourly
        assert max(namespaces.values()) <= policy.limits.namespace_hourly


@given(policies, looks())
def test_an_owner_never_lacks_more_pods_by_evictions_than_may_go_at_once(
    policy: EvictionPolicy, looks: list[tuple[float, set[int], bool]]
) -> None:
    world = World(policy)
    for look in looks:
        world.look(*look)
        lacking = Counter(owner_of(pod) for pod in world.pods if not pod.ready)
        assert max(lacking.values(), default=0) <= policy.limits.at_once


@given(policies)
def test_pods_that_stay_in_error_all_go_one_by_one_where_no_hour_is_full(
    policy: EvictionPolicy,
) -> None:
    limits = replace(policy.limits, owner_hourly=EACH, namespace_hourly=2 * EACH)
    world = World(replace(policy, limits=limits))
    sick = {pod.uid for pod in world.pods}
    for _ in range(policy.scans + EACH):
        world.look(1.0, {n for n, pod in enumerate(world.pods) if pod.uid in sick}, True)
    assert {pod.uid for _, pod in world.evicted} == sick
