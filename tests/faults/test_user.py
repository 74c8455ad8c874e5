"""A user who does anything in any order, while a controller guards the fleet on a real API server.

Hypothesis draws the acts. After each, no invariant may be broken; when the user rests, all pods
serve, and when the object is deleted, nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from playground.cluster import LocalCluster
from playground.fleet_api import ApiRefused
from playground.fleet_pod import Pod
from tests.e2e import invariants as rules
from tests.e2e.scene import FOREVER, WITHIN
from tests.faults.bench import Bench, Stage
from tests.faults.conftest import Figure
from tests.namespaces import passing_namespace

SIZE = 5
GRACE = 0.25
numbers = st.integers(0, 9)


@contextmanager
def unless_gone() -> Iterator[None]:
    """Whatever a user wants to do to a pod may come too late for it."""
    try:
        yield
    except ApiRefused as refused:
        if refused.status not in (404, 409):
            raise


@pytest.fixture(scope="module")
def bench(taught: LocalCluster) -> Iterator[Bench]:
    """A bench whose observer allows for acts that are under way."""
    with passing_namespace(taught, "faults") as name, Bench(taught, name, grace=GRACE) as bench:
        yield bench


class User(RuleBasedStateMachine):
    """Acts on a stage of `bench`; every act is followed by two evaluations."""

    bench: Bench
    acts = 0

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stage: Stage = self.stack.enter_context(self.bench.stage(size=SIZE))
        self.spec: dict[str, Any] = {}
        self.guarded = False
        self.let_guard()

    # What a user may do.

    @rule(chosen=st.sets(st.integers(0, SIZE - 1)))
    def accuse(self, chosen: set[int]) -> None:
        """Other pods become outliers."""
        pods = self.stage.fleet.pods()
        self.stage.detector.outliers(*(pods[n] for n in chosen if n < len(pods)))
        self.settle()

    @rule(number=numbers, value=st.sampled_from(["yes", "no", "pause", "maybe", None]))
    def label(self, number: int, value: str | None) -> None:
        """A pod gets another traffic label, or none."""
        pod = self.pod(number)
        if pod is not None:
            self.bench.scene.observer.expect_by_hand(pod)
            with unless_gone():
                self.stage.fleet.label(pod, rules.TRAFFIC, value)
            self.settle()

    @rule(number=numbers, key=st.sampled_from([rules.NAME, rules.STRATEGY, "tier"]))
    def strip(self, number: int, key: str) -> None:
        """A pod loses a label."""
        pod = self.pod(number)
        if pod is not None:
            self.bench.scene.observer.expect_by_hand(pod)
            with unless_gone():
                self.stage.fleet.label(pod, key, None)
            self.settle()

    @rule(number=numbers, ready=st.booleans())
    def probe(self, number: int, ready: bool) -> None:
        """A pod fails its readiness probe, or passes it again."""
        pod = self.pod(number)
        if pod is not None:
            with unless_gone():
                self.stage.fleet.set_ready(pod, ready)
            self.settle()

    @rule(number=numbers)
    def kill(self, number: int) -> None:
        """A pod is deleted; its workload makes another."""
        pod = self.pod(number)
        if pod is not None:
            with unless_gone():
                self.stage.fleet.delete_pod(pod)
            self.settle()

    @rule(number=numbers)
    def drain(self, number: int) -> None:
        """A pod is evicted."""
        pod = self.pod(number)
        if pod is not None:
            with unless_gone():
                self.stage.fleet.evict(pod)
            self.settle()

    @rule(size=st.integers(0, 7))
    def scale(self, size: int) -> None:
        """The workload gets another size."""
        self.stage.fleet.scale(size)
        self.settle()

    @rule(version=st.integers(1, 99))
    def roll_out(self, version: int) -> None:
        """All pods are replaced."""
        self.stage.fleet.roll_out(str(version))
        self.settle()

    @rule(on=st.booleans())
    def select(self, on: bool) -> None:
        """The Service selects on our label, or no longer."""
        self.stage.fleet.select_traffic(on)
        self.settle()

    @rule(
        dry=st.booleans(),
        period=st.sampled_from([0.3, 2, FOREVER]),
        ratio=st.sampled_from([0, 50, 80]),
    )
    def change(self, dry: bool, period: float, ratio: int) -> None:
        """The object asks for something else."""
        breaker = self.stage.breaker(minPodsAvailableCount=1, minPodsAvailableRatio=ratio)
        self.spec = {"breakers": (breaker,), "defaultActivator": {"period": period}}
        self.spec |= {"dryRun": dry}
        self.let_guard()

    @rule(on=st.booleans())
    def pause(self, on: bool) -> None:
        """The object is paused, or goes on."""
        if self.guarded:
            key, value = "kubervisor/pause", "true" if on else None
            self.bench.scene.annotate(self.stage.name, key, value)
            self.settle()

    @rule()
    def delete_guard(self) -> None:
        """The object is deleted."""
        self.bench.scene.delete_guard(self.stage.name)
        self.bench.scene.wait_guard_gone(self.stage.name)
        self.guarded = False

    @rule()
    def cut(self) -> None:
        """Every watch breaks off."""
        for kind in ("pods", "services", "kubervisorservices"):
            self.bench.proxy.cut(kind)

    # What follows.

    def let_guard(self) -> None:
        """Create the object, or change it to the spec of now."""
        self.stage.guard(**self.spec)
        self.guarded = True
        self.settle()

    def pod(self, number: int) -> Pod | None:
        """One of the pods there are, unless it is going already."""
        pods = [pod for pod in self.stage.fleet.pods() if not pod.deleting]
        return pods[number % len(pods)] if pods else None

    def settle(self) -> None:
        """Let the controller act on what it sees; then no invariant may be broken."""
        type(self).acts += 1
        if self.guarded:
            self.stage.evaluations(2)
        self.bench.scene.observer.check()

    def teardown(self) -> None:
        """The user rests: everything comes right again."""
        with self.stack:
            stage, scene = self.stage, self.bench.scene
            stage.detector.outliers()
            stage.fleet.select_traffic(True)
            stage.fleet.scale(SIZE)
            stage.guard(defaultActivator={"period": 0.5})
            scene.annotate(stage.name, "kubervisor/pause", None)
            stage.fleet.wait(lambda f: len(f.pods()) == SIZE, WITHIN, "they are as many as before")
            for pod in stage.fleet.pods():
                with unless_gone():
                    stage.fleet.set_ready(pod, True)
                    stage.fleet.label(pod, rules.TRAFFIC, "yes")
            stage.fleet.wait_ready(SIZE, WITHIN)
            scene.wait_status(
                lambda s: (s.get("fleet") or {}).get("serving") == SIZE, "all serve", stage.name
            )
            scene.delete_guard(stage.name)
            scene.wait_guard_gone(stage.name)
            left = [one for one in scene.observer.caught_up().left_on_pods() if stage.name in one]
            assert not left, left


def let_act(bench: Bench, users: int, acts: int) -> int:
    """Let so many users do so many things each; how much they did."""
    User.bench, User.acts = bench, 0
    run_state_machine_as_test(
        User,
        settings=settings(
            max_examples=users,
            stateful_step_count=acts,
            deadline=None,
            database=None,
            # Shrinking would take an hour on a real cluster; the log of acts is enough.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return User.acts


@pytest.mark.parametrize(
    ("users", "acts"),
    [
        pytest.param(4, 12, id="fault_26_a_user_who_does_anything"),
        pytest.param(*(40, 25), id="fault_26_forty_users_who_do_anything", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(900)
def test_whatever_a_user_does(users: int, acts: int, bench: Bench, figure: Figure) -> None:
    figure(f"{let_act(bench, users, acts)} acts, no invariant broken, all came right again")
