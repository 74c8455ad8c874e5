"""Each verb that the chart grants is needed: without it, the code that uses it is refused.

Each probe runs the product's own code under an account that has all rights of the chart but one,
and, so that the probe proves anything, under one that has them all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from kubervisor.api.crd import crd
from kubervisor.errors import Conflict
from kubervisor.kube import crds, paths
from kubervisor.kube.client import Api as Door
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.objects import add_finalizer, get_spec, write_status
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.watches import Caches, reflectors
from kubervisor.kube.writers import TrafficWriter
from kubervisor.traffic.keys import FINALIZER
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.conftest import teach, unteach
from tests.security.lacking import Ground, Probe, Right, cluster_account, granted, rendered, told_of
from tests.security.refusals import leads, records, refusal, runs

# What the controller does, and what it says when it is refused; "" where it is not.


def reads_a_pod_again(ground: Ground, door: Door) -> str:
    pod = replace(ground.pod(), version="1")
    writer = TrafficWriter(door, lambda: None, Overlay())
    try:
        return refusal(lambda: writer.fence(pod, "shop", 7))
    except Conflict as error:
        return str(error)


def writes_a_pod(ground: Ground, door: Door) -> str:
    return refusal(
        lambda: TrafficWriter(door, lambda: None, Overlay()).fence(ground.pod(), "shop", 7)
    )


def evicts(ground: Ground, door: Door) -> str:
    return refusal(lambda: TrafficWriter(door, lambda: None, Overlay()).evict(ground.pod()))


def deletes(ground: Ground, door: Door) -> str:
    return refusal(lambda: TrafficWriter(door, lambda: None, Overlay()).delete(ground.pod()))


def reflects(resource: str) -> Probe:
    def probe(ground: Ground, door: Door) -> str:
        stop = threading.Event()
        made = reflectors(
            door,
            [ground.namespace],
            Caches(),
            Overlay(),
            stop=stop,
            count=lambda *_: None,
            left_out=lambda *_: None,
        )
        (reflector,) = (one for one in made if one.name == f"{resource}/{ground.namespace}")
        return runs(reflector, stop)

    return probe


def reads_a_guard(ground: Ground, door: Door) -> str:
    there = ground.guard()
    return refusal(lambda: get_spec(door, there.namespace, there.name))


def adds_its_finalizer(ground: Ground, door: Door) -> str:
    return refusal(lambda: add_finalizer(door, ground.guard()))


def writes_a_status(ground: Ground, door: Door) -> str:
    return refusal(lambda: write_status(door, ground.guard(), {"epoch": time.monotonic_ns() % 999}))


def records_events(ground: Ground, door: Door) -> str:
    return records(EventRecorder, ground.guard(), door, "kubervisor.k8s.io/controller")


def holds_the_lease(ground: Ground, door: Door) -> str:
    return leads(ground, door, "kubervisor-traffic")


PROBES: dict[Right, Probe] = {
    ("get", "pods"): reads_a_pod_again,
    ("list", "pods"): reflects("pods"),
    ("watch", "pods"): reflects("pods"),
    ("patch", "pods"): writes_a_pod,
    ("delete", "pods"): deletes,
    ("create", "pods/eviction"): evicts,
    ("list", "services"): reflects("services"),
    ("watch", "services"): reflects("services"),
    ("get", "kubervisorservices"): reads_a_guard,
    ("list", "kubervisorservices"): reflects("kubervisorservices"),
    ("watch", "kubervisorservices"): reflects("kubervisorservices"),
    ("patch", "kubervisorservices"): adds_its_finalizer,
    ("patch", "kubervisorservices/status"): writes_a_status,
    ("create", "events"): records_events,
    ("patch", "events"): records_events,
    ("get", "leases"): holds_the_lease,
    ("create", "leases"): holds_the_lease,
    ("patch", "leases"): holds_the_lease,
}


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, admin: Api) -> Ground:
    return Ground(cluster, admin, PROBES, rendered(cluster))


@pytest.mark.parametrize("right", PROBES, ids=" ".join)
def test_without_this_right_its_user_is_refused(right: Right, ground: Ground) -> None:
    ground.assert_needed(right)


def test_there_is_a_probe_for_every_right_of_the_chart(cluster: LocalCluster) -> None:
    assert granted(rendered(cluster)) == PROBES.keys()
    assert FINALIZER == "kubervisor.k8s.io/return-traffic", "the admission policies name it too"


def test_every_right_is_on_its_page() -> None:
    """And no other: who grants rights reads it."""
    assert told_of("traffic") | told_of("termination") == PROBES.keys()


@pytest.fixture
def definition(cluster: LocalCluster) -> Iterator[dict[str, Any]]:
    """The definition, which may be deleted; the others of this cluster have it again after."""
    yield crd()
    teach(cluster)


def test_registering_the_definition_needs_its_three_rights(
    cluster: LocalCluster, admin: Api, definition: dict[str, Any]
) -> None:
    path = paths.single(paths.CRDS, None, definition["metadata"]["name"])
    rules = list(rendered(cluster, namespaces=[], crds={"register": True}))
    rules = [rule for rule in rules if "customresourcedefinitions" in rule["resources"]]
    stop = threading.Event()

    def registers_without(lacking: str) -> str:
        verbs = [rule | {"verbs": [v for v in rule["verbs"] if v != lacking]} for rule in rules]
        with closing(cluster_account(cluster, admin, [r for r in verbs if r["verbs"]])) as door:
            return refusal(lambda: crds.register(door, definition, stop=stop))

    admin.merge(path, {"metadata": {"annotations": {crds.SCHEMA_VERSION: None}}})
    assert "cannot get resource" in registers_without("get")
    assert "cannot update resource" in registers_without("update")
    assert registers_without("create") == "", "it is there"

    unteach(cluster)
    assert "cannot create resource" in registers_without("create")
    assert registers_without("nothing") == ""
