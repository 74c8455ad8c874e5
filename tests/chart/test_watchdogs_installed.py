"""Watchdogs as helm installs them: under the rendered variables, account, rights and policies."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from kubervisor.kube import access
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.loopback_pods import LoopbackPods, fail
from tests.chart.installed import Installed
from tests.chart.shop import accounts
from tests.namespaces import fresh_namespace
from tests.watchdog.shop import Shop, ShopPod

SWIFT = {"probePeriod": 1, "scanPeriod": 0.5, "scans": 2, "evictionGrace": 1}


def is_replaced(shop: Shop, pod: ShopPod) -> bool:
    return shop.pod(pod.uid) is None and len(shop.ready()) == shop.size


@pytest.mark.parametrize("scoped", [False, True], ids=["whole cluster", "one namespace"])
def test_they_mark_evict_and_tell_and_are_refused_nothing(
    scoped: bool, defined: LocalCluster, admin: Api, opened: ExitStack
) -> None:
    namespace, where = fresh_namespace(admin), fresh_namespace(admin)
    values: dict[str, Any] = {
        "namespaces": [where] if scoped else [],
        "traffic": {"replicas": 0},
        "crds": {"enabled": False},
        "watchdog": {"enabled": True, "settings": SWIFT, "extraArgs": ["--probe-loopback"]},
    }
    installed = opened.enter_context(Installed(defined, namespace, values))
    opened.enter_context(LoopbackPods(defined, where))
    shop = opened.enter_context(Shop(admin, where, size=3, runs=True))
    shop.protect(3)

    pod, *others = shop.pods()
    fail(pod.address)
    shop.wait_event("EvictionDeferred", pod)
    shop.protect(2)
    shop.wait(lambda s: is_replaced(s, pod), "it was replaced")
    shop.wait_event("PodEvicted", pod)

    assert all(shop.pod(other.uid) for other in others)
    assert installed.refusals("watchdog") == set()
    (lease,) = installed.leases()
    assert lease["metadata"]["name"] == "kubervisor-watchdog"

    # There is no controller of the other capability, whose own check would wait for it.
    told = installed.test("--filter=name=kubervisor-check-watchdog")
    assert [line[:8] for line in told.splitlines()] == ["ok      "] * 3, told
    rights = len(access.WATCHDOG) + len(access.EVICTION)
    everywhere = "in all namespaces" if not scoped else f"in {where}"
    assert f"the account of watchdogs has its {rights} rights {everywhere}" in told
    assert f"holds the Lease {namespace}/kubervisor-watchdog" in told

    installed.uninstall()
    assert accounts(admin, namespace) == {"default"}


def test_a_release_that_evicts_nothing_marks_and_is_refused_nothing(
    defined: LocalCluster, admin: Api, opened: ExitStack
) -> None:
    namespace, where = fresh_namespace(admin), fresh_namespace(admin)
    values: dict[str, Any] = {
        "namespaces": [where],
        "traffic": {"replicas": 0},
        "crds": {"enabled": False},
        "watchdog": {
            "enabled": True,
            "settings": SWIFT | {"evict": False},
            "extraArgs": ["--probe-loopback"],
        },
    }
    installed = opened.enter_context(Installed(defined, namespace, values))
    opened.enter_context(LoopbackPods(defined, where))
    shop = opened.enter_context(Shop(admin, where, size=3, runs=True))

    pod, *_ = shop.pods()
    fail(pod.address)
    shop.wait(lambda s: (p := s.pod(pod.uid)) is not None and p.health == "error", "it is marked")

    assert installed.refusals("watchdog") == set()
    assert not shop.events("PodEvicted")
    installed.uninstall()
