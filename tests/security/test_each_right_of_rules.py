"""Each verb that the chart grants to rules is needed, as test_each_right_is_needed.py shows for the
controller.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest

from kubervisor.errors import ApiError, Conflict, Forbidden
from kubervisor.kube import paths
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.client import Api as Door
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_records import (
    RuleObjectRecord,
    decode_approval,
    decode_rule,
    decode_rule_object,
    decoder_of,
)
from kubervisor.kube.rule_writer import RuleEvents, RuleWriter
from kubervisor.kube.unreadable import Raw
from kubervisor.kube.watch_cache import watch_cache
from kubervisor.rules.actions.action import Change, Deed, Evict, Patch
from kubervisor.rules.controller.deeds import Deeds
from kubervisor.rules.controller.world import Cluster
from kubervisor.rules.decision.policy import ObjectRef
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.rules.manifests import USABLE, manifest
from tests.security.lacking import (
    Ground,
    Probe,
    Right,
    cluster_account,
    granted,
    rendered,
    told_of,
)
from tests.security.refusals import leads, records, runs

PVC, POD, VOLUME = "PersistentVolumeClaim", "Pod", "PersistentVolume"
AUTOPILOT = "/apis/autopilot.libopenstorage.org/v1alpha1"


def writer(door: Door) -> RuleWriter:
    return RuleWriter(door, lambda: None)


def said(act: Callable[[], object]) -> str:
    """What an action that is refused says; what is not refused may fail for another reason."""
    try:
        act()
    except Forbidden as error:
        return str(error)
    except ApiError:
        return ""
    return ""


# What there is to act on, made by somebody who may.


def a_rule(ground: Ground, admin: Api) -> SpecRecord:
    name = ground.namespace
    path = f"{AUTOPILOT}/autopilotrules"
    with suppress(ApiRefused):
        admin.create(path, manifest(name, USABLE))
    return decode_rule(json.dumps(admin.get(f"{path}/{name}")).encode())


def an_object(ground: RulesGround) -> RuleObjectRecord:
    with closing(ground.door()) as door:
        try:
            return writer(door).make(ground.rule, ground.namespace, "object", "pvc-x")
        except Conflict:
            return writer(door).find_object(ground.namespace, "object")


def an_approval(ground: RulesGround) -> SpecRecord:
    with closing(ground.door()) as door:
        try:
            return writer(door).ask(an_object(ground), "approval", {"approvalState": "pending"})
        except Conflict:
            return writer(door).find_approval(ground.namespace, "approval")


class RulesGround(Ground):
    """One with a rule, of which it knows, a claim and workloads."""

    def __init__(
        self, cluster: LocalCluster, admin: Api, probes: dict[Right, Probe], rules: list[Json]
    ) -> None:
        super().__init__(cluster, admin, probes, rules)
        self.rule = a_rule(self, admin)
        core = f"/api/v1/namespaces/{self.namespace}"
        self.claim = _made(admin, f"{core}/persistentvolumeclaims", PVC, _CLAIM)
        apps = f"/apis/apps/v1/namespaces/{self.namespace}"
        self.deployment = _made(admin, f"{apps}/deployments", "Deployment", _WORKLOAD)
        own = {"spec": _WORKLOAD["spec"] | {"serviceName": "db"}}
        self.stateful_set = _made(admin, f"{apps}/statefulsets", "StatefulSet", _WORKLOAD | own)


_CLAIM: Json = {
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "none",
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
_WORKLOAD: Json = {
    "metadata": {"name": "db"},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "db", "image": "db"}]},
        },
    },
}


def _made(admin: Api, path: str, kind: str, body: Json) -> ObjectRef:
    group = "v1" if path.startswith("/api/") else "apps/v1"
    metadata = admin.create(path, {"apiVersion": group, "kind": kind, **body})["metadata"]
    return ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])


# What rules do, and what is said to it.


def reflects(kind: str, decode: Callable[[Raw], Any]) -> Probe:
    def probe(ground: Ground, door: Door) -> str:
        stop = threading.Event()
        (reflector,) = watch_cache(
            door,
            kind,
            [ground.namespace] if kind not in _OF_CLUSTER else [],
            ObjectCache[Any](),
            name=kind,
            decode=decode,
            stop=stop,
            count=lambda *_: None,
            left_out=lambda *_: None,
        )
        return runs(reflector, stop)

    return probe


_OF_CLUSTER = (paths.AUTOPILOT_RULES, paths.NAMESPACES)


def writes(act: Callable[[RuleWriter, RulesGround], object]) -> Probe:
    def probe(ground: Ground, door: Door) -> str:
        assert isinstance(ground, RulesGround)
        return said(lambda: act(writer(door), ground))

    return probe


def gets(kind: str) -> Probe:
    return lambda ground, door: said(
        lambda: Cluster(door).get(kind, "" if kind in _CLASSES else ground.namespace, "x")
    )


_CLASSES = (VOLUME, "StorageClass", "VolumeAttributesClass")


def lists(kind: str) -> Probe:
    return lambda ground, door: said(lambda: Cluster(door).list(kind, ground.namespace))


class NoCalls:
    """Nobody is called here."""

    def call(self, url: str, body: object, key: str) -> None:
        raise AssertionError(url)


def does(deed: Callable[[RulesGround], Deed]) -> Probe:
    def probe(ground: Ground, door: Door) -> str:
        assert isinstance(ground, RulesGround)
        return said(lambda: Deeds(door, lambda: None, NoCalls()).do(deed(ground)))

    return probe


def a_pod(ground: Ground) -> ObjectRef:
    pod = ground.pod()
    return ObjectRef(POD, pod.namespace, pod.name, pod.uid)


def scaled(ref: ObjectRef) -> Patch:
    return Patch(ref, (Change("/spec/replicas", 0, 0),), subresource="scale")


NOTE = Change("/metadata/annotations", None, {"x": "y"})
_REFLECTED = {
    "autopilotruleobjects": reflects(paths.AUTOPILOT_RULE_OBJECTS, decode_rule_object),
    "actionapprovals": reflects(paths.ACTION_APPROVALS, decode_approval),
    "persistentvolumeclaims": reflects(paths.BY_KIND[PVC], decoder_of(PVC)),
    "pods": reflects(paths.BY_KIND[POD], decoder_of(POD)),
    "deployments": reflects(paths.BY_KIND["Deployment"], decoder_of("Deployment")),
    "statefulsets": reflects(paths.BY_KIND["StatefulSet"], decoder_of("StatefulSet")),
}


def records_events(ground: Ground, door: Door) -> str:
    """Of what is in a namespace for which these accounts have a role."""
    assert isinstance(ground, RulesGround)
    return records(RuleEvents, an_object(ground), door, "kubervisor.k8s.io/rules")


def holds_the_lease(ground: Ground, door: Door) -> str:
    return leads(ground, door, "kubervisor-rules")


PROBES: dict[Right, Probe] = {
    **{(verb, one): probe for one, probe in _REFLECTED.items() for verb in ("list", "watch")},
    ("get", "autopilotruleobjects"): writes(lambda w, g: w.find_object(g.namespace, "x")),
    ("create", "autopilotruleobjects"): writes(
        lambda w, g: w.make(g.rule, g.namespace, "new", "pvc-y")
    ),
    ("patch", "autopilotruleobjects"): writes(lambda w, g: w.hold(an_object(g), is_held=True)),
    ("delete", "autopilotruleobjects"): writes(lambda w, g: w.forget(an_object(g))),
    ("patch", "autopilotruleobjects/status"): writes(lambda w, g: w.remember(an_object(g), {})),
    ("get", "actionapprovals"): writes(lambda w, g: w.find_approval(g.namespace, "x")),
    ("create", "actionapprovals"): writes(
        lambda w, g: w.ask(an_object(g), "new", {"approvalState": "pending"})
    ),
    ("patch", "actionapprovals"): writes(
        lambda w, g: w.settle(an_approval(g), {"approvalState": "canceled"})
    ),
    ("patch", "actionapprovals/status"): writes(lambda w, g: w.show(an_approval(g), {})),
    ("get", "persistentvolumeclaims"): gets(PVC),
    ("patch", "persistentvolumeclaims"): does(lambda g: Patch(g.claim, (NOTE,))),
    ("get", "pods"): gets(POD),
    ("patch", "pods"): does(lambda g: Patch(a_pod(g), (NOTE,))),
    ("create", "pods/eviction"): does(lambda g: Evict(a_pod(g))),
    ("get", "kubervisorservices"): gets("KubervisorService"),
    ("get", "deployments"): gets("Deployment"),
    ("get", "statefulsets"): gets("StatefulSet"),
    ("patch", "deployments/scale"): does(lambda g: scaled(g.deployment)),
    ("patch", "statefulsets/scale"): does(lambda g: scaled(g.stateful_set)),
    ("list", "horizontalpodautoscalers"): lists("HorizontalPodAutoscaler"),
    ("create", "events"): records_events,
    ("patch", "events"): records_events,
    ("get", "leases"): holds_the_lease,
    ("create", "leases"): holds_the_lease,
    ("patch", "leases"): holds_the_lease,
}
OF_CLUSTER: dict[Right, Probe] = {
    ("list", "autopilotrules"): reflects(paths.AUTOPILOT_RULES, decode_rule),
    ("watch", "autopilotrules"): reflects(paths.AUTOPILOT_RULES, decode_rule),
    ("get", "autopilotrules"): writes(lambda w, g: w.read_rule(g.rule)),
    ("patch", "autopilotrules/status"): writes(lambda w, g: w.report(g.rule, {})),
    ("list", "namespaces"): reflects(paths.NAMESPACES, decoder_of("Namespace")),
    ("watch", "namespaces"): reflects(paths.NAMESPACES, decoder_of("Namespace")),
    ("get", "persistentvolumes"): gets(VOLUME),
    ("get", "storageclasses"): gets("StorageClass"),
    ("get", "volumeattributesclasses"): gets("VolumeAttributesClass"),
}


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, admin: Api) -> RulesGround:
    rules = list(rendered(cluster, of="guard-rules", rules={"enabled": True}))
    return RulesGround(cluster, admin, PROBES, rules)


@pytest.mark.parametrize("right", PROBES, ids=" ".join)
def test_without_this_right_its_user_is_refused(right: Right, ground: RulesGround) -> None:
    ground.assert_needed(right)


@pytest.mark.parametrize("right", OF_CLUSTER, ids=" ".join)
def test_without_this_right_in_the_whole_cluster_its_user_is_refused(
    right: Right, ground: RulesGround, cluster: LocalCluster, admin: Api
) -> None:
    verb, resource = right
    lacking = [
        rule | {"resources": [one], "verbs": [v for v in rule["verbs"] if (v, one) != right]}
        for rule in ground.rules
        for one in rule["resources"]
    ]
    with closing(cluster_account(cluster, admin, [r for r in lacking if r["verbs"]])) as door:
        assert f'cannot {verb} resource "{resource}"' in OF_CLUSTER[right](ground, door)


def test_whoever_lacks_none_in_the_whole_cluster_is_not(
    ground: RulesGround, cluster: LocalCluster, admin: Api
) -> None:
    with closing(cluster_account(cluster, admin, ground.rules)) as door:
        assert {probe(ground, door) for probe in OF_CLUSTER.values()} == {""}


def test_there_is_a_probe_for_every_right_of_the_chart(ground: RulesGround) -> None:
    assert granted(ground.rules) == PROBES.keys() | OF_CLUSTER.keys()


def test_every_right_is_on_its_page() -> None:
    assert told_of("rules") == PROBES.keys() | OF_CLUSTER.keys()
