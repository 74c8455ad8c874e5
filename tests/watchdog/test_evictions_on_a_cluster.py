"""The evictor against a real API server: its scans, its limits, budgets, restarts, identity."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from kubervisor.errors import Conflict, NotFound
from kubervisor.kube.client import connect
from kubervisor.kube.evictions import Evictions
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.evicting import EvictionPolicy
from kubervisor.watchdog.limits import Limits
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.loopback_pods import LoopbackPods
from tests.watchdog.evicting import CountedBook, Evicting
from tests.watchdog.shop import PROBE, Shop, ShopPod

SWIFT = EvictionPolicy(period=0.2, scans=4)


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture
def shop(api: Api, namespace: str) -> Iterator[Shop]:
    with Shop(api, namespace, size=4) as shop:
        yield shop


@pytest.fixture
def book() -> CountedBook:
    return CountedBook()


def scans_that_found(book: CountedBook, pod: ShopPod) -> int:
    return sum(pod.uid in found for found in book.scans)


def is_replaced(shop: Shop, *pods: ShopPod) -> bool:
    return not any(shop.pod(pod.uid) for pod in pods) and len(shop.ready()) == shop.size


def test_a_pod_in_error_is_evicted_after_so_many_scans_and_replaced(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod, *others = shop.pods()
    book.fail(pod)
    with Evicting(cluster, shop.namespace, SWIFT, book):
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")
        event = shop.wait_event("PodEvicted", pod)
    assert scans_that_found(book, pod) >= SWIFT.scans
    assert "watchdog watchdog1 in error in 4 scans in a row" in event["note"]
    assert all(shop.pod(other.uid) for other in others)


def test_it_has_the_grace_period_of_the_settings(
    cluster: LocalCluster, api: Api, namespace: str, book: CountedBook
) -> None:
    seen: list[int | None] = []

    def goes(shop: Shop) -> bool:
        seen.extend(pod.grace for pod in shop.pods() if pod.deleting)
        return bool(seen)

    with (
        LoopbackPods(cluster, namespace),
        Shop(api, namespace, size=1, runs=True) as shop,
        Evicting(cluster, namespace, replace(SWIFT, grace=77), book),
    ):
        book.fail(*shop.pods())
        shop.wait(goes, "it shuts down")
    assert set(seen) == {77}


def test_a_pod_that_recovers_before_the_last_scan_stays(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod = shop.pods()[0]
    with Evicting(cluster, shop.namespace, replace(SWIFT, scans=1000), book):
        book.fail(pod)
        book.wait_scans(3)
        book.clear(pod)
        book.wait_scans(3)
    assert shop.pod(pod.uid) == pod


def test_a_disruption_budget_defers_the_eviction_until_it_gives_way(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    shop.protect(4)
    pod = shop.pods()[0]
    book.fail(pod)
    with Evicting(cluster, shop.namespace, SWIFT, book):
        event = shop.wait_event("EvictionDeferred", pod)
        assert "a PodDisruptionBudget refuses its eviction" in event["note"]
        book.wait_scans(6)
        assert shop.pod(pod.uid) == pod
        shop.unprotect()
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")


def test_of_one_owner_one_goes_at_a_time(
    cluster: LocalCluster, api: Api, namespace: str, book: CountedBook
) -> None:
    lacking: list[int] = []
    with (
        LoopbackPods(cluster, namespace),
        Shop(api, namespace, size=3, runs=True) as shop,
        Evicting(cluster, namespace, replace(SWIFT, grace=5), book),
    ):
        sick = shop.pods()
        book.fail(*sick)

        def all_replaced(shop: Shop) -> bool:
            lacking.append(shop.size - len(shop.ready()))
            return is_replaced(shop, *sick)

        shop.wait(all_replaced, "all three were replaced", within=60)
    assert max(lacking) == 1


def test_an_owner_loses_no_more_in_an_hour_than_it_may(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    sick = shop.pods()
    policy = replace(SWIFT, limits=Limits(at_once=4, owner_hourly=2))
    book.fail(*sick)
    with Evicting(cluster, shop.namespace, policy, book):
        shop.wait(lambda s: sum(s.pod(p.uid) is None for p in sick) == 2, "two are gone")
        left = next(pod for pod in sick if shop.pod(pod.uid))
        event = shop.wait_event("EvictionRefused", left)
        assert "within an hour" in event["note"]
        book.wait_scans(5)
    assert sum(shop.pod(p.uid) is None for p in sick) == 2


def test_a_dry_run_tells_and_evicts_nobody(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod = shop.pods()[0]
    book.fail(pod)
    with Evicting(cluster, shop.namespace, replace(SWIFT, dry_run=True), book):
        shop.wait_event("WouldEvict", pod)
        book.wait_scans(5)
    assert shop.pod(pod.uid) == pod
    assert not shop.events("PodEvicted")


def test_a_restart_begins_to_count_anew(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod = shop.pods()[0]
    patient = replace(SWIFT, scans=8)
    with Evicting(cluster, shop.namespace, patient, book):
        book.fail(pod)
        book.wait_scans(5)
    assert shop.pod(pod.uid) == pod
    book.scans.clear()
    with Evicting(cluster, shop.namespace, patient, book):
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")
    assert scans_that_found(book, pod) >= patient.scans


def test_the_hours_limits_hold_on_after_a_restart(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    first, second, *_ = shop.pods()
    once = replace(SWIFT, limits=Limits(owner_hourly=1))
    book.fail(first)
    with Evicting(cluster, shop.namespace, once, book):
        shop.wait(lambda s: is_replaced(s, first), "it was replaced")
        shop.wait_event("PodEvicted", first)
    book.fail(second)
    with Evicting(cluster, shop.namespace, once, book):
        event = shop.wait_event("EvictionRefused", second)
        assert "within an hour" in event["note"]
        book.wait_scans(3)
    assert shop.pod(second.uid) == second


def test_events_that_nobody_takes_delay_no_eviction(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod = shop.pods()[0]
    book.fail(pod)
    with Evicting(cluster, shop.namespace, SWIFT, book, tells=False):
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")


@pytest.mark.parametrize("asked", [False, True])
def test_a_pod_without_an_owner_goes_only_where_that_is_asked_for(
    cluster: LocalCluster, shop: Shop, book: CountedBook, asked: bool
) -> None:
    shop.api.create(shop.pods_path, bare_pod())
    shop.wait(lambda s: len(s.ready()) == 5, "it is Ready")
    alone = next(pod for pod in shop.pods() if pod.name == "alone")
    book.fail(alone)
    with Evicting(cluster, shop.namespace, replace(SWIFT, unowned=asked), book):
        if asked:
            shop.wait(lambda s: s.pod(alone.uid) is None, "it is gone")
        else:
            shop.wait_event("EvictionRefused", alone)
            book.wait_scans(3)
            assert shop.pod(alone.uid) == alone


def test_posted_statuses_are_believed_only_where_that_is_asked_for(
    cluster: LocalCluster, shop: Shop, book: CountedBook
) -> None:
    pod = shop.pods()[0]
    posted = {"status.autocrane.io/disk": "error/2020-01-01T00:00:00/full"}
    shop.api.merge(shop.path(pod), {"metadata": {"annotations": posted}})
    with Evicting(cluster, shop.namespace, SWIFT, book):
        book.wait_scans(2 * SWIFT.scans)
        assert shop.pod(pod.uid) == pod
    with Evicting(cluster, shop.namespace, replace(SWIFT, trust_posted=True), book):
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")


def test_another_pod_of_the_same_name_is_never_evicted_in_its_place(
    cluster: LocalCluster, shop: Shop
) -> None:
    pod = shop.pods()[0]
    with closing(connect(str(cluster.kubeconfig), user_agent="test")) as door:
        evictions = Evictions(door, lambda: None)
        stored = evictions.read(shop.namespace, pod.name, PodUid(pod.uid))
        with pytest.raises(NotFound, match="replaced by another"):
            evictions.read(shop.namespace, pod.name, PodUid("its forerunner's"))
        with pytest.raises(Conflict):
            evictions.evict(replace(stored, uid=PodUid("its forerunner's")), grace=0)
    assert shop.pod(pod.uid) == pod


def bare_pod() -> Json:
    """A pod of the shop without a controller."""
    metadata = {"name": "alone", "labels": {"app": "shop", "kubervisor-test": "bare"}}
    metadata["annotations"] = {PROBE: "POD_IP:8080/watchdog"}
    container = {"name": "workload", "image": "workload"}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
