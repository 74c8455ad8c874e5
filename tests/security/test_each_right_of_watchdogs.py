"""Each verb that the chart grants to watchdogs is needed, as test_each_right_is_needed.py shows for
the controller.
"""

from __future__ import annotations

import threading

import pytest

from kubervisor.kube.client import Api as Door
from kubervisor.kube.evictions import Evictions
from kubervisor.kube.pod_events import PodEvents, past_events
from kubervisor.kube.watchdog_writer import WatchdogWriter
from kubervisor.kube.watched_cache import WatchedPods, watch_pods
from kubervisor.kube.watched_pods import WatchedPod
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.security.lacking import Ground, Probe, Right, granted, rendered, told_of
from tests.security.refusals import leads, records, refusal, runs


def reflects(ground: Ground, door: Door) -> str:
    stop = threading.Event()
    (reflector,) = watch_pods(
        door,
        [ground.namespace],
        WatchedPods(),
        stop=stop,
        count=lambda *_: None,
        left_out=lambda *_: None,
    )
    return runs(reflector, stop)


def marks(ground: Ground, door: Door) -> str:
    pod = ground.pod()
    watched = WatchedPod(pod.namespace, pod.name, pod.uid)
    return refusal(lambda: WatchdogWriter(door, lambda: None).mark(watched, (), ("x",), "info"))


def looks_before_it_evicts(ground: Ground, door: Door) -> str:
    pod = ground.pod()
    return refusal(lambda: Evictions(door, lambda: None).read(pod.namespace, pod.name, pod.uid))


def evicts(ground: Ground, door: Door) -> str:
    return refusal(lambda: Evictions(door, lambda: None).evict(ground.pod(), grace=0))


def records_events(ground: Ground, door: Door) -> str:
    pod = ground.pod()
    watched = WatchedPod(pod.namespace, pod.name, pod.uid)
    return records(PodEvents, watched, door, "kubervisor.k8s.io/watchdog")


def remembers_evictions(ground: Ground, door: Door) -> str:
    component = "kubervisor.k8s.io/watchdog"
    return refusal(
        lambda: list(
            past_events(door, [ground.namespace], reason="PodEvicted", component=component)
        )
    )


def holds_the_lease(ground: Ground, door: Door) -> str:
    return leads(ground, door, "kubervisor-watchdog")


PROBES: dict[Right, Probe] = {
    ("list", "pods"): reflects,
    ("watch", "pods"): reflects,
    ("patch", "pods"): marks,
    ("get", "pods"): looks_before_it_evicts,
    ("create", "pods/eviction"): evicts,
    ("create", "events"): records_events,
    ("patch", "events"): records_events,
    ("list", "events"): remembers_evictions,
    ("get", "leases"): holds_the_lease,
    ("create", "leases"): holds_the_lease,
    ("patch", "leases"): holds_the_lease,
}


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, admin: Api) -> Ground:
    rules = rendered(cluster, of="-watchdog", watchdog={"enabled": True})
    return Ground(cluster, admin, PROBES, rules)


@pytest.mark.parametrize("right", PROBES, ids=" ".join)
def test_without_this_right_its_user_is_refused(right: Right, ground: Ground) -> None:
    ground.assert_needed(right)


def test_there_is_a_probe_for_every_right_of_the_chart(ground: Ground) -> None:
    assert granted(ground.rules) == PROBES.keys()


def test_every_right_is_on_its_page() -> None:
    assert told_of("watchdog") == PROBES.keys()
