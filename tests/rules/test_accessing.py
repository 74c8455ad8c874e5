"""Rules about the use of volumes: when they are due, what they say, and that it is told once."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from kubervisor.kube.access_records import UsableClaim, UsingPod
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_access import AccessCaches
from kubervisor.rules.controller.accessing import BEAT_SECONDS, GAP_SECONDS, Accessing
from kubervisor.rules.controller.catalog import Rule
from kubervisor.rules.controller.watches import OnDemand
from kubervisor.rules.decision.access import GRACE
from kubervisor.rules.decision.access_parts import FindingKind
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.runtime.clock import Clock
from tests.rules.policies import policy

CLAIM = ObjectRef("PersistentVolumeClaim", "shop", "data", "c")
THIEF = ObjectRef("Pod", "shop", "thief", "p")
GRACE_SECONDS = GRACE[FindingKind.NOT_ALLOWED]


class Bench:
    """Watches that show a claim and a pod that may not use it, and a clock that is set."""

    def __init__(self) -> None:
        self.caches, self.told, self.now = AccessCaches(), list[str](), 0.0
        self.is_current = True
        claim = UsableClaim("shop", "data", "c", "pv-1", ("StatefulSet/db",), None)
        self.caches.claims.upsert(claim)
        self.show_thief()
        watches = SimpleNamespace(are_synced=lambda: True, are_current=lambda: self.is_current)
        clock = SimpleNamespace(monotonic=lambda: self.now, wall=lambda: 1000 + self.now)
        self.accessing = Accessing(
            self.caches, cast("OnDemand", watches), self._warn, cast("Clock", clock)
        )
        self.policy = policy(poll_interval=10.0)
        self.rule = Rule(cast("SpecRecord", None), self.policy, cast("Any", None))

    def show_thief(self) -> None:
        self.caches.pods.upsert(
            UsingPod("shop", "thief", "p", "n1", "Pod/thief", False, False, ("data",), (), ())
        )

    def _warn(self, _: SpecRecord, messages: Iterable[str]) -> None:
        self.told += messages

    def take(self, at: float) -> tuple[Reading, tuple[ObjectRef, ...]] | None:
        """What is so of the claim at that instant, None where the rule is not due."""
        self.now = at
        found = self.accessing.take(self.rule, self.policy, {"c": CLAIM})
        return None if found is None else found["c"]


def test_a_rule_is_due_at_its_interval_and_looked_at_in_between() -> None:
    bench = Bench()
    assert bench.accessing.next_look() == float("inf")
    first = bench.take(0)
    assert first is not None
    assert first[0].met is False
    assert bench.accessing.next_look() == BEAT_SECONDS
    assert bench.take(GRACE_SECONDS) is None
    second = bench.take(10)
    assert second is not None
    reading, pods = second
    assert reading.met
    assert reading.values == (
        "pod shop/thief (Pod/thief) mounts it, and the claim allows other workloads only",
    )
    assert reading.at <= 1010
    assert pods == (THIEF,)


def test_each_finding_is_told_once_and_again_when_it_comes_back() -> None:
    bench = Bench()
    for at in range(0, 60, 5):
        bench.take(at)
    assert len(bench.told) == 1
    bench.caches.pods.replace([])
    for at in range(60, 90, 5):
        bench.take(at)
    bench.show_thief()
    for at in range(90, 120, 5):
        bench.take(at)
    assert len(bench.told) == 2


def test_while_a_watch_is_behind_nothing_is_said() -> None:
    bench = Bench()
    bench.take(0)
    bench.is_current = False
    assert bench.take(10) is None


def test_what_nobody_looked_at_for_long_is_no_break_of_none() -> None:
    bench = Bench()
    bench.take(0)
    after = bench.take(GAP_SECONDS + 1)
    assert after is not None
    assert after[0].met is False
