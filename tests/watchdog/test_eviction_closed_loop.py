"""The whole process on a real cluster with real workloads: fail, mark, defer, evict, replace."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from signal import SIGKILL

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.loopback_pods import LoopbackPods, fail
from playground.watchdog_process import WatchdogProcess
from tests.watchdog.shop import Shop, ShopPod

SCANS, PERIOD = 4, 1.0
Run = Callable[..., WatchdogProcess]


@pytest.fixture
def shop(cluster: LocalCluster, namespace: str) -> Iterator[Shop]:
    with (
        closing(Api(cluster.kubeconfig)) as api,
        LoopbackPods(cluster, namespace),
        Shop(api, namespace, size=3, runs=True) as shop,
    ):
        yield shop


@pytest.fixture
def run(cluster: LocalCluster, namespace: str) -> Iterator[Run]:
    """Starts a process that probes each second, of the test's namespace alone."""
    with ExitStack() as stack:

        def start(*flags: str) -> WatchdogProcess:
            own = (f"--namespace={namespace}", f"--lease-namespace={namespace}")
            swift = ("--probe-period=1", f"--scan-period={PERIOD}", f"--scans={SCANS}")
            env = {"KUBERVISOR_WATCHDOG_LEASE_DURATION": "3"}
            process = WatchdogProcess(
                cluster.kubeconfig, *own, *swift, "--eviction-grace=5", *flags, env=env
            )
            return stack.enter_context(process)

        yield start


def is_replaced(shop: Shop, pod: ShopPod) -> bool:
    return shop.pod(pod.uid) is None and len(shop.ready()) == shop.size


def is_marked(shop: Shop, pod: ShopPod) -> bool:
    now = shop.pod(pod.uid)
    return now is not None and now.health == "error"


def test_a_pod_that_fails_is_marked_deferred_by_the_budget_evicted_and_replaced(
    shop: Shop, run: Run
) -> None:
    process = run()
    shop.protect(3)
    pod, *others = shop.pods()
    fail(pod.address)
    shop.wait(lambda s: is_marked(s, pod), "it is marked")
    deferred = shop.wait_event("EvictionDeferred", pod)
    assert "PodDisruptionBudget" in deferred["note"]
    assert is_marked(shop, pod)
    shop.protect(2)
    shop.wait(lambda s: is_replaced(s, pod), "it was replaced")
    evicted = shop.wait_event("PodEvicted", pod)
    assert "watchdog watchdog1 in error" in evicted["note"]
    assert all(shop.pod(other.uid) for other in others)
    counted = f'kubervisor_watchdog_evictions_total{{namespace="{shop.namespace}",outcome="%s"}}'
    assert process.metric(counted % "evicted") == 1
    assert process.metric(counted % "deferred") >= 1


def test_no_pod_goes_before_so_many_scans_of_the_process_that_evicts_it(
    shop: Shop, run: Run
) -> None:
    process = run()
    pod = shop.pods()[0]
    fail(pod.address)
    shop.wait(lambda s: is_marked(s, pod), "it is marked")
    process.stop(SIGKILL)
    assert is_marked(shop, pod)
    begun = time.monotonic()
    process.restart()
    shop.wait(lambda s: (p := s.pod(pod.uid)) is None or p.deleting, "it goes")
    # By its steady clock, which no load of this machine makes shorter.
    assert time.monotonic() - begun >= (SCANS - 1) * PERIOD


def test_clients_of_its_metrics_that_hang_delay_no_eviction(shop: Shop, run: Run) -> None:
    process = run()
    host, _, port = process.address.partition(":")
    with ExitStack() as stack:
        for _ in range(20):
            hanging = stack.enter_context(socket.create_connection((host, int(port))))
            hanging.sendall(b"GET /metrics HTTP/1.1\r\n")
        pod = shop.pods()[0]
        fail(pod.address)
        shop.wait(lambda s: is_replaced(s, pod), "it was replaced")


def test_a_dry_run_marks_and_tells_and_evicts_nobody(shop: Shop, run: Run) -> None:
    run("--dry-run")
    pod = shop.pods()[0]
    fail(pod.address)
    shop.wait(lambda s: is_marked(s, pod), "it is marked")
    shop.wait_event("WouldEvict", pod)
    assert is_marked(shop, pod)
    assert not shop.events("PodEvicted")
