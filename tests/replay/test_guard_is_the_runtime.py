"""A Guard decides what `run` decides: both get the same measurements at the same instants."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.replay.guard import Guard
from kubervisor.replay.outcomes import Paused, Returned, Terminated
from kubervisor.traffic.detector_policy import DiscretePolicy, SourceRef
from kubervisor.traffic.measurement import Measurement, NamedPod, Sample
from kubervisor.traffic.model import Pod, Traffic
from kubervisor.traffic.policy import BreakerPolicy, BudgetPolicy, Matches, ServicePolicy
from tests.builders import KEY, NOW, a_breaker, a_pod, a_policy, an_activator
from tests.replay.inmemory import Runtime, Write

STEP = 5.0
ACTIVATORS = (
    an_activator(period=12),
    an_activator("retryAndKill", period=7, max_retries=1),
    an_activator("retryAndPause", period=7, max_retries=1, max_paused=2),
    an_activator(period=10, max_period=60, return_stagger=10, jitter_percent=10, probation=20),
)
BUDGETS = (
    BudgetPolicy(),
    BudgetPolicy(max_ejected_percent=40, panic_threshold_percent=60),
    BudgetPolicy(min_available_percent=60, panic_threshold_percent=90),
)
DISCRETE = DiscretePolicy(
    SourceRef(name="main"), "increase(requests[10s])", "code", "pod", good=frozenset({"200"})
)


def _policy(
    first: int, second: int, budget: BudgetPolicy, matches: Matches, moving: bool
) -> ServicePolicy:
    errors = a_breaker(
        "errors", ratio=30, activator=ACTIVATORS[first], matches=matches, on_requests=moving
    )
    return a_policy(
        replace(errors, detector=DISCRETE),
        a_breaker("oracle", count=2, activator=ACTIVATORS[second]),
        budget=budget,
    )


policies = st.builds(
    _policy,
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(BUDGETS),
    st.sampled_from([Matches(), Matches(2, 3)]),
    st.booleans(),
)


class Both:
    """The runtime and a Guard in the same world."""

    def __init__(self, policy: ServicePolicy, size: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.born = 0
        self.pods = {pod.name: pod for pod in (self._new() for _ in range(size))}
        self.sick: set[str] = set()
        self.answer = Measurement(0.0)
        self.runtime = Runtime(KEY, policy, list(self.pods.values()), lambda _: self.answer)
        self.guard = Guard(KEY, policy)
        self.guard.admit(self.pods.values())

    def _new(self) -> Pod:
        self.born += 1
        return replace(a_pod(f"pricer-{self.born:03}"), started_at=None)

    def measure(self, now: float) -> None:
        """Sick pods have errors and are named; some samples are missing."""
        samples = []
        for name in self.pods:
            if self.dice.random() < 0.1:
                continue
            bad = self.dice.randint(40, 100) if name in self.sick else self.dice.randint(0, 50)
            counts = {"200": 100.0 - bad, "500": float(bad)}
            samples += [
                Sample({"pod": name, "code": code}, count, now) for code, count in counts.items()
            ]
        named = tuple(NamedPod(name) for name in sorted(self.sick) if self.dice.random() < 0.7)
        self.answer = Measurement(now, samples=tuple(samples), named=named)

    def disturb(self) -> None:
        """Who is sick, Ready or there changes; a terminated pod is replaced after a while."""
        for name in list(self.pods):
            if self.dice.random() < 0.06:
                self.sick ^= {name}
            if self.dice.random() < 0.04:
                pod = self.pods[name]
                self.pods[name] = replace(pod, ready=not pod.ready)
        if self.pods and self.dice.random() < 0.03:
            del self.pods[self.dice.choice(sorted(self.pods))]
        if self.dice.random() < 0.2 and len(self.pods) < 9:
            pod = self._new()
            self.pods[pod.name] = pod
        self.show()

    def show(self) -> None:
        """Both see the pods that there are; each keeps its own labels on them."""
        stored = self.runtime.store.pods
        for pod in self.pods.values():
            known = stored.get(pod.uid, pod)
            stored[pod.uid] = replace(known, ready=pod.ready)
        for uid in stored.keys() - {pod.uid for pod in self.pods.values()}:
            del stored[uid]
        self.guard.admit(self.pods.values())

    def activate(self, now: float) -> list[Write]:
        written = self.runtime.activate(now)
        kinds = {Returned: "return", Paused: "pause", Terminated: "terminate"}
        retries = {pod.uid: pod.retries for pod in self.guard.fleet.pods}
        ended = self.guard.give_back(now)
        assert written == [
            (
                kinds[type(one)],
                one.pod,
                one.reason if isinstance(one, Returned) else "",
                retries[one.uid],
            )
            for one in ended
        ]
        for what, name, *_ in written:
            if what == "terminate":
                del self.pods[name]
        self.show()
        return written

    def evaluate(self, now: float) -> list[Write]:
        done = []
        for breaker in self.guard.policy.breakers:
            self.measure(now)
            written = self.runtime.evaluate(breaker, now)
            found = self.guard.evaluate(breaker, self._measured(breaker), now).ejected
            retries = {pod.uid: pod.retries for pod in self.guard.fleet.pods}
            assert written == [
                ("eject", one.pod, one.breaker, retries[one.uid]) for one in found if one.enforced
            ]
            done += written
        return done

    def _measured(self, breaker: BreakerPolicy) -> Measurement:
        """The answer as the runtime takes it for this breaker."""
        answer = self.answer
        if isinstance(breaker.detector, DiscretePolicy):
            (query,) = breaker.detector.queries
            return Measurement(answer.taken_at, query.window, answer.samples)
        return Measurement(answer.taken_at, named=answer.named)

    def agree(self) -> None:
        """The same pods are out, by the same breakers, with the same retries and holds."""
        theirs = {uid: _labels(pod) for uid, pod in self.runtime.store.pods.items()}
        assert {pod.uid: _labels(pod) for pod in self.guard.fleet.pods} == theirs


def _labels(pod: Pod) -> tuple[object, ...]:
    ejection = pod.ejection
    hold = (ejection.breaker, ejection.at, ejection.until) if ejection else None
    return pod.traffic or Traffic.YES, pod.retries, pod.returned_at, hold


def live(both: Both, steps: int) -> list[Write]:
    written = []
    now = NOW
    for _ in range(steps):
        both.disturb()
        written += both.activate(now)
        written += both.evaluate(now)
        both.agree()
        due = both.guard.next_return
        if due is not None and due < now + STEP:
            written += both.activate(due)
            both.agree()
        now += STEP
    return written


@settings(max_examples=80)
@given(policy=policies, size=st.integers(2, 9), seed=st.integers(0, 2**32))
def test_a_guard_writes_what_the_runtime_writes(
    policy: ServicePolicy, size: int, seed: int
) -> None:
    live(Both(policy, size, seed), steps=40)


@settings(max_examples=10)
@given(policy=policies, seed=st.integers(0, 2**32))
def test_in_dry_run_neither_writes_anything(policy: ServicePolicy, seed: int) -> None:
    assert live(Both(replace(policy, dry_run=True), 6, seed), steps=20) == []


def test_the_comparison_sees_every_kind_of_write() -> None:
    """Equal silence would prove nothing."""
    seen: set[str] = set()
    for first in range(4):
        for budget in BUDGETS:
            policy = _policy(first, (first + 1) % 4, budget, Matches(), moving=False)
            seen |= {what for what, *_ in live(Both(policy, 8, seed=first), steps=60)}
    assert seen == {"eject", "return", "pause", "terminate"}
