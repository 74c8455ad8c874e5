"""Each verb that deploying grants is needed by what operators do, and none else is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import pytest

from kubervisor.kube.client import Api as Door
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.lease import Lease
from kubervisor.workflow import Phase, Project
from kubervisor.workflow.deploying.crd import definition
from kubervisor.workflow.deploying.manifests import manifests
from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.belongings import Belongings
from kubervisor.workflow.engine.pruning import Pruning
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.statuses import ResourceWriter
from kubervisor.workflow.engine.watching import World, watch_world
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.project.parameters import BUILT_IN
from kubervisor.workflow.scheduler.inventory import Ref
from kubervisor.workflow.scheduler.outputs import Output
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.integration.guard import until
from tests.namespaces import fresh_namespace
from tests.security.refusals import records, refusal, runs
from tests.workflow.deploying.accounts import Accounts, Right, granted
from tests.workflow.deploying.projects import Spec, Status
from tests.workflow_bodies import undefine

OPERATOR = "rights-operator"
PHASES = (
    Phase("A", initial=True, inputs=("services",), outputs=("configmaps",)),
    Phase("B", final=True),
)
PROJECT = Project(
    "Right",
    "rights.example.io",
    "v1",
    OPERATOR,
    PHASES,
    enable_finalizer=True,
    parameters=(BUILT_IN["services"], BUILT_IN["configmaps"]),
)
ROOT = "/apis/rights.example.io/v1"
names = (f"one-{number}" for number in count())


def rendered(namespace: str, *, cluster_scoped: bool) -> list[Json]:
    """The manifests of its operator."""
    crd = definition(PROJECT, Spec, Status)
    return list(
        manifests(PROJECT, crd, "", image="x", namespace=namespace, cluster_scoped=cluster_scoped)
    )


def rules_of(kind: str, name: str, those: list[Json]) -> list[Json]:
    found = [one for one in those if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    rules: list[Json] = found[0]["rules"]
    return rules


class Place:
    """A namespace with accounts, a resource and what it has for outputs."""

    def __init__(self, cluster: LocalCluster, admin: Api) -> None:
        self.namespace = fresh_namespace(admin)
        self._admin = admin
        those = rendered(self.namespace, cluster_scoped=False)
        crd = those[0]
        cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(crd))
        until(self._is_served, "the kind is served")
        self.rules = [
            *rules_of("Role", OPERATOR, those),
            *rules_of("Role", f"{OPERATOR}-lease", those),
        ]
        self.accounts = Accounts(cluster, admin, self.namespace, self.rules)

    def world(self, door: Door) -> World:
        return watch_world(
            door,
            PROJECT,
            [self.namespace],
            stop=threading.Event(),
            count=lambda *_: None,
            left_out=lambda *_: None,
        )

    def resource(self, door: Door) -> Seen:
        """A new resource."""
        path = f"{ROOT}/namespaces/{self.namespace}/rights"
        body = {
            "apiVersion": "rights.example.io/v1",
            "kind": "Right",
            "metadata": {"name": next(names)},
            "spec": {"deployment": "x"},
        }
        return self.world(door).resources.decode(
            json.dumps(self._admin.create(path, body)).encode()
        )

    def config_map(self, name: str) -> None:
        """One that is nobody's."""
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/{name}"
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        self._admin.apply(path, body)

    def forget_lease(self) -> None:
        self._admin.delete(
            f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{OPERATOR}"
        )

    def _is_served(self) -> bool:
        try:
            self._admin.get(f"{ROOT}/rights")
        except ApiRefused:
            return False
        return True


@pytest.fixture(scope="module")
def place(cluster: LocalCluster) -> Iterator[Place]:
    with closing(Api(cluster.kubeconfig)) as admin:
        found = Place(cluster, admin)
        yield found
        undefine(admin, "rights.rights.example.io")
        admin.delete(f"/api/v1/namespaces/{found.namespace}")


# What operators do, and what is said to it.


def may(_: object = None) -> None:
    """Everybody leads here."""


def output(place: Place, name: str, *, only_fields: bool = False) -> Output:
    metadata = {"name": name, "namespace": place.namespace, "labels": {"a": next(names)}}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    return Output(Ref("configmaps", place.namespace, name), body, only_fields=only_fields)


def applying(place: Place, door: Door) -> Applying:
    return Applying(door, may, PROJECT, place.world(door), Written())


def watches(kind: str) -> Callable[[Place, Door], str]:
    def probe(place: Place, door: Door) -> str:
        stop = threading.Event()
        world = watch_world(
            door,
            PROJECT,
            [place.namespace],
            stop=stop,
            count=lambda *_: None,
            left_out=lambda *_: None,
        )
        watched = world.resources if kind == "rights" else world.kinds[kind]
        (reflector,) = watched.reflectors
        return runs(reflector, stop)

    return probe


def creates(place: Place, door: Door) -> str:
    failure = applying(place, door).apply(place.resource(door), [output(place, next(names))])
    return failure.message if failure else ""


def applies(place: Place, door: Door) -> str:
    """Fields of what somebody else made, of which no watch has told yet."""
    name = next(names)
    place.config_map(name)
    said = output(place, name, only_fields=True)
    failure = applying(place, door).apply(place.resource(door), [said])
    return failure.message if failure else ""


def prunes(place: Place, door: Door) -> str:
    """What was made for the resource; who cannot make one is not who is asked."""
    resource, made, written = place.resource(door), output(place, next(names)), Written[Ref]()
    with place.accounts.door() as rich:
        applying = Applying(rich, may, PROJECT, place.world(rich), written)
        assert applying.apply(resource, [made]) is None
    pruning = Pruning(door, may, PROJECT, place.world(door), Belongings(), written)
    _, failure = pruning.prune(resource, ["configmaps"], [])
    return failure.message if failure else ""


def writer(place: Place, door: Door) -> ResourceWriter:
    return ResourceWriter(door, may, place.world(door).resources, OPERATOR)


def holds(place: Place, door: Door) -> str:
    return refusal(lambda: writer(place, door).hold(place.resource(door), ["a.io/b"]))


def reports(place: Place, door: Door) -> str:
    return refusal(lambda: writer(place, door).report(place.resource(door), {"phase": "A"}))


class Events(EventRecorder):
    regards = ("rights.example.io/v1", "Right")


def tells(place: Place, door: Door) -> str:
    return records(Events, place.resource(door), door, OPERATOR)


def leads(place: Place, door: Door) -> str:
    """To create the Lease where there is none, and to renew it."""
    place.forget_lease()
    lease = Lease(door, place.namespace, OPERATOR, "me", stop=threading.Event())
    for _ in range(2):
        lease._attempt()
        lease._holding = lease.is_held()
    return lease.problem or ""


PROBES: dict[Right, Callable[[Place, Door], str]] = {
    **{
        (verb, kind): watches(kind)
        for kind in ("services", "configmaps", "rights")
        for verb in ("list", "watch")
    },
    ("create", "configmaps"): creates,
    ("patch", "configmaps"): applies,
    ("get", "configmaps"): applies,
    ("delete", "configmaps"): prunes,
    ("patch", "rights"): holds,
    ("patch", "rights/status"): reports,
    ("create", "events"): tells,
    ("patch", "events"): tells,
    ("get", "leases"): leads,
    ("create", "leases"): leads,
    ("patch", "leases"): leads,
}


@pytest.mark.parametrize("right", PROBES, ids=" ".join)
def test_without_this_right_its_user_is_refused(right: Right, place: Place) -> None:
    verb, resource = right
    with place.accounts.door(right) as poor, place.accounts.door() as rich:
        assert f'cannot {verb} resource "{resource}"' in PROBES[right](place, poor)
        assert PROBES[right](place, rich) == ""


def test_there_is_a_probe_for_every_right_that_is_granted(place: Place) -> None:
    assert granted(place.rules) == PROBES.keys()


def test_an_operator_of_all_namespaces_has_the_same_rights_in_all_of_them(place: Place) -> None:
    wide = rendered(place.namespace, cluster_scoped=True)
    narrow = rendered(place.namespace, cluster_scoped=False)
    assert rules_of("ClusterRole", OPERATOR, wide) == rules_of("Role", OPERATOR, narrow)


def test_the_lease_of_another_operator_is_out_of_reach(place: Place) -> None:
    with place.accounts.door() as door:
        lease = Lease(door, place.namespace, "another", "me", stop=threading.Event())
        lease._attempt()
        assert lease.problem is not None
        assert 'cannot get resource "leases"' in lease.problem
