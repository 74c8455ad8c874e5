"""Gathering a fleet: the watch may show a write at any moment, and it counts all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import structlog

from kubervisor.kube.caches import Changes
from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.service_cache import ServiceCache
from kubervisor.runtime.assignment import Assignment, Stance
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.gather import Gatherer
from kubervisor.traffic.model import Pod, PodUid, Traffic
from kubervisor.traffic.reasons import Reason
from tests.builders import KEY, a_pod, a_policy

APP = {"app": "pricer"}
SERVING = tuple(replace(a_pod(f"pricer-{n}"), labels=APP, traffic=Traffic.YES) for n in range(4))
CHOSEN = SERVING[2]
EJECTED = replace(CHOSEN, traffic=Traffic.NO, version="2")


class Pods(PodCache):
    """A cache that something happens to right after it was looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def matching(self, namespace: str, selector: Mapping[str, str]) -> tuple[Pod, ...]:
        found = super().matching(namespace, selector)
        self.meanwhile()
        return found


def scene() -> tuple[Pods, Overlay, Desk]:
    pods, overlay = Pods(), Overlay()

    def observe(changes: Changes[Pod]) -> None:
        for old, new in changes:
            overlay.observe(old, new)

    pods.subscribe(observe)
    pods.replace([replace(pod) for pod in SERVING])
    shared: Any = SimpleNamespace(
        gatherer=Gatherer(pods, ServiceCache(), overlay), clock=Clock(), log=structlog.get_logger()
    )
    assignment = Assignment(
        KEY, "uid", 1, a_policy(), Stance.GUARD, Reason.GUARDING, "", tuple(APP.items())
    )
    return pods, overlay, Desk(assignment, shared)


def test_an_ejection_that_the_watch_shows_while_one_looks_is_counted() -> None:
    pods, overlay, desk = scene()
    overlay.begin(CHOSEN.uid, Kind.EJECTING, CHOSEN.version)
    overlay.written(CHOSEN.uid, EJECTED.version)
    pods.meanwhile = lambda: pods.upsert(EJECTED)

    fleet = desk.fleet_alone()

    assert [pod.uid for pod in fleet.serving] == [p.uid for p in SERVING if p is not CHOSEN]
    assert overlay.unconfirmed() == {}, "the watch has shown it"


def test_writes_to_pods_of_others_are_none_of_the_fleets() -> None:
    _, overlay, desk = scene()
    overlay.begin(PodUid("another"), Kind.TERMINATING, "1")

    fleet = desk.fleet_alone()

    assert not fleet.is_changing
    assert fleet.pods == SERVING


def test_each_kind_of_write_is_in_its_place() -> None:
    _, overlay, desk = scene()
    for pod, kind in zip(SERVING, Kind, strict=False):
        overlay.begin(pod.uid, kind, pod.version)

    fleet = desk.fleet_alone()

    assert fleet.ejecting == {SERVING[0].uid}
    assert fleet.returning == {SERVING[1].uid}
    assert fleet.terminating == {SERVING[2].uid}
    assert fleet.is_changing


def test_a_fleet_of_which_nothing_has_changed_is_the_same_one() -> None:
    pods, _, desk = scene()
    before = desk.fleet_alone()
    pods.upsert(replace(CHOSEN, version="7"))

    assert desk.fleet_alone() is before
    assert {pod.version for pod in before.pods} == {"1", "7"}


def test_a_fleet_is_another_once_a_pod_changes_or_is_written_to() -> None:
    pods, overlay, desk = scene()
    before = desk.fleet_alone()

    overlay.begin(CHOSEN.uid, Kind.EJECTING, CHOSEN.version)
    during = desk.fleet_alone()
    overlay.failed(CHOSEN.uid)
    after = desk.fleet_alone()
    pods.upsert(EJECTED)

    assert during.ejecting == {CHOSEN.uid}
    assert not after.is_changing
    assert after == before
    assert [pod.traffic for pod in desk.fleet_alone().pods if pod.uid == CHOSEN.uid] == ["no"]


def test_a_pod_that_is_being_deleted_is_no_member() -> None:
    pods, _, desk = scene()
    pods.upsert(replace(CHOSEN, deleting=True))

    assert CHOSEN.uid not in {pod.uid for pod in desk.fleet_alone().pods}
