"""Who is woken by what the watches bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.selectors import SelectorIndex
from kubervisor.kube.watches import Caches
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.wiring import Wiring
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.traffic.model import Pod, ServiceKey
from kubervisor.traffic.watchdogs import UNKNOWN, WatchdogStatus
from tests.builders import KEY, a_pod

CART, TILL = ServiceKey(KEY.namespace, "cart"), ServiceKey(KEY.namespace, "till")


def of(service: ServiceKey, name: str) -> Pod:
    return replace(a_pod(name), labels={"app": service.name})


A = of(CART, "a")


class Woken:
    """Workers of two Services, whose wakings are counted."""

    def __init__(self) -> None:
        self.caches, self.overlay = Caches(), Overlay()
        self.count: Counter[ServiceKey] = Counter()
        self.routine: dict[ServiceKey, bool] = {}
        self.spoken: dict[ServiceKey, bool] = {}
        self.on_wake: Callable[[], None] = lambda: None
        selectors: SelectorIndex[ServiceKey] = SelectorIndex()
        for key in (CART, TILL):
            selectors.add(key, key.namespace, {"app": key.name})
        workers = {key: self._worker(key) for key in (CART, TILL)}
        supervisor = SimpleNamespace(
            concerned=lambda pod: selectors.matching(pod.namespace, pod.labels),
            get=workers.get,
        )
        Wiring(
            self.caches,
            self.overlay,
            cast("Supervisor", supervisor),
            queue=WorkQueue(),
            changed=lambda _: None,
            is_anothers=lambda _: False,
        )

    def _worker(self, key: ServiceKey) -> Any:
        def pods_changed(*, routine: bool, spoken: bool) -> None:
            self.count[key] += 1
            self.routine[key], self.spoken[key] = routine, spoken
            self.on_wake()

        return SimpleNamespace(pods_changed=pods_changed)


@pytest.fixture
def woken() -> Woken:
    one = Woken()
    one.caches.pods.replace([A, of(CART, "b")])
    one.count.clear()
    return one


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"version": "2"}, {}, id="what we do not read has changed: nobody"),
        pytest.param({"version": "2", "ready": False}, {CART: 1}, id="its readiness: its Service"),
        pytest.param(
            {"version": "2", "labels": {"app": "till"}},
            {CART: 1, TILL: 1},
            id="its label: the Service it has left and the one it has joined",
        ),
        pytest.param(
            {"version": "2", "claimed_by": "till"},
            {CART: 1},
            id="the name it carries: its Service, once",
        ),
    ],
)
def test_a_changed_pod_wakes_whom_it_concerns(
    woken: Woken, changed: dict[str, Any], expected: dict[ServiceKey, int]
) -> None:
    woken.caches.pods.upsert(replace(A, **changed))
    assert woken.count == expected


def test_a_pod_that_goes_wakes_its_service(woken: Woken) -> None:
    woken.caches.pods.delete(A)
    assert woken.count == {CART: 1}


def test_a_list_wakes_each_service_that_it_changes_once(woken: Woken) -> None:
    changed = [replace(of(CART, name), version="2", ready=False) for name in "ab"]
    woken.caches.pods.replace([*changed, *(of(TILL, name) for name in "cde")])
    assert woken.count == {CART: 1, TILL: 1}


def test_whoever_is_woken_sees_the_write_confirmed(woken: Woken) -> None:
    woken.overlay.begin(A.uid, Kind.EJECTING, A.version)
    woken.overlay.written(A.uid, "2")
    seen: list[object] = []
    woken.on_wake = lambda: seen.append(woken.overlay.ejecting([A.uid]))
    woken.caches.pods.upsert(replace(A, version="2", ready=False))
    assert seen == [frozenset()]


def test_one_change_that_is_not_routine_makes_them_all_so(woken: Woken) -> None:
    went = replace(of(CART, "b"), ready=False, version="2")
    woken.caches.pods.upsert(went)
    assert woken.routine == {CART: True}

    woken.caches.pods.replace([A, replace(went, ready=True), of(CART, "new")])
    assert woken.routine == {CART: False}


def test_what_a_watchdog_says_is_heard_once_however_many_changed(woken: Woken) -> None:
    full = (WatchdogStatus("disk", "error", 1.0, "full", is_probed=True),)
    silent = replace(A, watchdogs=(WatchdogStatus("disk", UNKNOWN, is_probed=True),), version="1")
    woken.caches.pods.upsert(silent)
    assert woken.spoken == {CART: False}

    said = replace(A, watchdogs=full, version="2")
    woken.caches.pods.upsert(said)
    assert woken.spoken == {CART: True}

    woken.caches.pods.upsert(replace(said, ready=False, version="3"))
    assert woken.spoken == {CART: False}

    others = [replace(of(CART, name), watchdogs=full) for name in "cd"]
    woken.caches.pods.replace([replace(said, ready=False, version="3"), of(CART, "b"), *others])
    assert woken.spoken == {CART: True}
    assert woken.count == {CART: 4}
