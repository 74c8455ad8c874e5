"""Each verb that the chart grants is needed: without it, the code that uses it is refused.

Each probe runs the product's own code under an account that has all rights of the chart but one,
and, so that the probe proves anything, under one that has them all.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubervisor.api.crd import crd
from kubervisor.errors import ApiError, Conflict, Forbidden
from kubervisor.kube import crds, paths
from kubervisor.kube.caches import Record
from kubervisor.kube.client import Api as Door
from kubervisor.kube.events import PATCH_SECONDS, EventRecorder, EventType
from kubervisor.kube.lease import Lease
from kubervisor.kube.objects import add_finalizer, get_spec, write_status
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watches import Caches, reflectors
from kubervisor.kube.writers import TrafficWriter
from kubervisor.traffic.keys import FINALIZER
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.conftest import teach, unteach
from tests.integration.guard import until
from tests.security.lacking import Ground, Right, cluster_account, rendered

# What the controller does, and what it says when it is refused; "" where it is not.


def refusal(act: Callable[[], object]) -> str:
    """What an action that is refused says."""
    try:
        act()
    except Forbidden as error:
        return str(error)
    return ""


def reads_a_pod_again(ground: Ground, door: Door) -> str:
    pod = replace(ground.pod(), version="1")
    writer = TrafficWriter(door, lambda: None, Overlay())
    try:
        return refusal(lambda: writer.fence(pod, 7))
    except Conflict as error:
        return str(error)


def writes_a_pod(ground: Ground, door: Door) -> str:
    return refusal(lambda: TrafficWriter(door, lambda: None, Overlay()).fence(ground.pod(), 7))


def evicts(ground: Ground, door: Door) -> str:
    return refusal(lambda: TrafficWriter(door, lambda: None, Overlay()).evict(ground.pod()))


def deletes(ground: Ground, door: Door) -> str:
    return refusal(lambda: TrafficWriter(door, lambda: None, Overlay()).delete(ground.pod()))


def reflects(resource: str) -> Callable[[Ground, Door], str]:
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
        return _runs(reflector, stop)

    return probe


def _runs(reflector: Reflector[Any], stop: threading.Event) -> str:
    """What keeps a reflector from working; "" once it lists and watches."""
    thread = threading.Thread(target=reflector.run)
    thread.start()
    try:
        until(lambda: reflector.problem or reflector.healthy_since, "it works or says why not")
        return reflector.problem or ""
    finally:
        stop.set()
        reflector.interrupt()
        thread.join()


def reads_a_guard(ground: Ground, door: Door) -> str:
    there = ground.guard()
    return refusal(lambda: get_spec(door, there.namespace, there.name))


def adds_its_finalizer(ground: Ground, door: Door) -> str:
    return refusal(lambda: add_finalizer(door, ground.guard()))


def writes_a_status(ground: Ground, door: Door) -> str:
    return refusal(lambda: write_status(door, ground.guard(), {"epoch": time.monotonic_ns() % 999}))


def records_events(ground: Ground, door: Door) -> str:
    """The first is created; the same again, some seconds later, is counted on it."""
    now = [0.0]
    said: list[str] = []

    class Listening(Door):
        def __init__(self) -> None:
            """Nothing of its own."""

        def request(self, method: str, path: str, **more: Any) -> bytes:
            try:
                return door.request(method, path, **more)
            except ApiError as error:
                said.append(str(error))
                raise

    stopped = threading.Event()
    stopped.set()
    recorder = EventRecorder(Listening(), "kubervisor.k8s.io/controller", "x", clock=lambda: now[0])
    regarding: Record = ground.guard()
    for at in (1.0, 2.0 + PATCH_SECONDS):
        now[0] = at
        recorder.record(regarding, type=EventType.NORMAL, reason="Probe", action="A", note="n")
        recorder.run(stopped)
    return " ".join(said)


def leads(ground: Ground, door: Door) -> str:
    """Reads the Lease, creates it where it is missing, and renews it."""
    name = f"kubervisor-traffic-{threading.get_ident()}"
    ground.forget_lease(name)
    lease = Lease(door, ground.namespace, name, "me", stop=threading.Event())
    for _ in range(2):
        lease._attempt()
        lease._holding = lease.is_held()
    return lease.problem or ""


PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rights.md"
QUOTED = re.compile(r"`([a-z/]+)`")
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete"}

PROBES: dict[Right, Callable[[Ground, Door], str]] = {
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
    ("get", "leases"): leads,
    ("create", "leases"): leads,
    ("patch", "leases"): leads,
}


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, admin: Api) -> Ground:
    return Ground(cluster, admin, PROBES)


@pytest.mark.parametrize("right", PROBES, ids=" ".join)
def test_without_this_right_its_user_is_refused(right: Right, ground: Ground) -> None:
    verb, resource = right
    with closing(ground.door(right)) as poor, closing(ground.door()) as rich:
        assert f'cannot {verb} resource "{resource}"' in PROBES[right](ground, poor)
        assert PROBES[right](ground, rich) == ""


def test_there_is_a_probe_for_every_right_of_the_chart(cluster: LocalCluster) -> None:
    granted = {
        (verb, resource)
        for rule in rendered(cluster)
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert granted == PROBES.keys()
    assert FINALIZER == "kubervisor.k8s.io/return-traffic", "the admission policies name it too"


def test_every_right_is_on_its_page() -> None:
    """And no other: who grants rights reads it."""
    lines = (line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `"))
    told = {
        (verb, resource)
        for _, first, second, *_ in lines
        for resource in QUOTED.findall(first)
        for verb in QUOTED.findall(second)
    }

    assert told >= PROBES.keys()
    assert {right for right in told if right[0] in VERBS} == PROBES.keys()


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
