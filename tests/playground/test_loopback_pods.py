"""Pods at addresses of their own on loopback: real processes answer there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.loopback_pods import PORT, LoopbackPods, fail
from tests.watchdog.shop import Shop


@pytest.fixture
def shop(cluster: LocalCluster, namespace: str) -> Iterator[Shop]:
    with (
        closing(Api(cluster.kubeconfig)) as api,
        LoopbackPods(cluster, namespace),
        Shop(api, namespace, size=2, runs=True) as shop,
    ):
        yield shop


def status_of(address: str) -> int:
    try:
        with urlopen(f"http://{address}:{PORT}/watchdog", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_each_pod_has_its_own_address_and_its_own_watchdog(shop: Shop) -> None:
    first, second = (pod.address for pod in shop.pods())
    assert first != second
    assert first.startswith("127.")
    assert (status_of(first), status_of(second)) == (200, 200)
    fail(first)
    assert (status_of(first), status_of(second)) == (500, 200)


@pytest.mark.parametrize("grace", ["0", "30"])
def test_a_deleted_pod_ends_with_its_process_and_another_comes(shop: Shop, grace: str) -> None:
    old, other = shop.pods()
    shop.api.delete(shop.path(old), gracePeriodSeconds=grace)
    shop.wait(lambda s: s.pod(old.uid) is None and len(s.ready()) == 2, "it was replaced")
    addresses = {pod.address for pod in shop.ready()}
    assert other.address in addresses
    assert old.address not in addresses
    shop.wait(lambda _: not answers(old.address), "its process has ended")


def answers(address: str) -> bool:
    try:
        return bool(status_of(address))
    except URLError:
        return False
