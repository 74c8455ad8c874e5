"""Each verb that the chart grants to data deployments is needed, as test_each_right_is_needed.py
shows for the controller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from typing import Any, TypeVar

import pytest

from kubervisor.datarollout.needs import REQUEST, is_about_data
from kubervisor.datarollout.repository.kube_objects import Cluster
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import read_spec
from kubervisor.errors import ApiError, Forbidden
from kubervisor.kube import data_pods, paths
from kubervisor.kube.caches import ObjectCache, Record
from kubervisor.kube.client import Api as Door
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter, RolloutEvents, decode_rollout
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Raw
from kubervisor.kube.watch_cache import watch_cache
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.security.lacking import Ground, Probe, Right, granted, rendered, told_of
from tests.security.refusals import leads, records, refusal, runs

T = TypeVar("T", bound=Record)

DATA = {
    "enabled": True,
    "deployers": [{"namespace": "x", "accounts": ["catalog"]}],
    "repository": {
        "annotatedSources": ["https://git.example/"],
        "sources": [{"name": "words", "spec": "configmap:x/words"}],
    },
}


def writer(door: Door) -> DataWriter:
    return DataWriter(door, lambda: None, is_about_data)


def made(ground: Ground) -> SpecRecord:
    with closing(ground.door()) as door:
        path = paths.single(paths.DATA_ROLLOUTS, ground.namespace, "prices")
        try:
            return decode_rollout(door.request("GET", path))
        except ApiError:
            return writer(door).make(ground.namespace, "prices", {})


def asked(ground: Ground) -> DataPod:
    pod = ground.pod()
    return DataPod(pod.namespace, pod.name, pod.uid, pod.version)


def reflects_pods(ground: Ground, door: Door) -> str:
    decode = data_pods.decoder(is_about_data)
    stop, cache = threading.Event(), ObjectCache[DataPod]()
    return runs(_reflector(ground, door, paths.PODS, cache, decode, stop), stop)


def reflects_rollouts(ground: Ground, door: Door) -> str:
    stop, cache = threading.Event(), ObjectCache[SpecRecord]()
    return runs(_reflector(ground, door, paths.DATA_ROLLOUTS, cache, decode_rollout, stop), stop)


def _reflector(
    ground: Ground,
    door: Door,
    kind: str,
    cache: ObjectCache[T],
    decode: Callable[[Raw], T],
    stop: threading.Event,
) -> Reflector[Any]:
    (reflector,) = watch_cache(
        door,
        kind,
        [ground.namespace],
        cache,
        name=kind,
        decode=decode,
        stop=stop,
        count=lambda *_: None,
        left_out=lambda *_: None,
    )
    return reflector


def reads_a_pod(ground: Ground, door: Door) -> str:
    return refusal(lambda: writer(door).read_pod(asked(ground)))


def asks_a_pod(ground: Ground, door: Door) -> str:
    return _refusal(lambda: writer(door).ask(asked(ground), {f"{REQUEST}prices": "x"}))


def _refusal(act: Callable[[], object]) -> str:
    """The same, where what is not refused may fail for another reason."""
    try:
        act()
    except Forbidden as error:
        return str(error)
    except ApiError:
        return ""
    return ""


def makes_a_rollout(ground: Ground, door: Door) -> str:
    return _refusal(lambda: writer(door).make(ground.namespace, "prices", {}))


def reads_a_rollout(ground: Ground, door: Door) -> str:
    return refusal(lambda: writer(door).read_rollout(made(ground)))


def reports(ground: Ground, door: Door) -> str:
    return refusal(lambda: writer(door).report(made(ground), {"message": "x"}))


def records_events(ground: Ground, door: Door) -> str:
    return records(RolloutEvents, made(ground), door, "kubervisor.k8s.io/datarollout")


def holds_the_lease(ground: Ground, door: Door) -> str:
    return leads(ground, door, "kubervisor-datarollout")


def keeps_what_is_in_use(ground: Ground, door: Door) -> str:
    known = Cluster(door, [ground.namespace]).in_use()
    return "" if known is not None else 'cannot list resource "datarollouts"'


def heeds_pods(ground: Ground, door: Door) -> str:
    return refusal(Cluster(door, [ground.namespace]).specs)


def fetches_a_config_map(ground: Ground, door: Door) -> str:
    spec = read_spec("words", f"configmap:{ground.namespace}/words")
    return _refusal(lambda: Cluster(door).config_map(spec).fetch(Tree(BytesIO(), 1), ""))


CONTROLLER: dict[Right, Probe] = {
    ("list", "pods"): reflects_pods,
    ("watch", "pods"): reflects_pods,
    ("get", "pods"): reads_a_pod,
    ("patch", "pods"): asks_a_pod,
    ("list", "datarollouts"): reflects_rollouts,
    ("watch", "datarollouts"): reflects_rollouts,
    ("get", "datarollouts"): reads_a_rollout,
    ("create", "datarollouts"): makes_a_rollout,
    ("patch", "datarollouts/status"): reports,
    ("create", "events"): records_events,
    ("patch", "events"): records_events,
    ("get", "leases"): holds_the_lease,
    ("create", "leases"): holds_the_lease,
    ("patch", "leases"): holds_the_lease,
}
REPOSITORY: dict[Right, Probe] = {
    ("list", "datarollouts"): keeps_what_is_in_use,
    ("list", "pods"): heeds_pods,
    ("get", "configmaps"): fetches_a_config_map,
}
PROBES = {"datarollout": CONTROLLER, "datarepo": REPOSITORY}
EACH = [(account, right) for account, probes in PROBES.items() for right in probes]


@pytest.fixture(scope="module")
def grounds(cluster: LocalCluster, admin: Api) -> dict[str, Ground]:
    """Those of the two accounts."""
    return {
        account: Ground(cluster, admin, probes, rendered(cluster, of=f"-{account}", data=DATA))
        for account, probes in PROBES.items()
    }


@pytest.mark.parametrize(
    ("account", "right"), EACH, ids=[" ".join((account, *right)) for account, right in EACH]
)
def test_without_this_right_its_user_is_refused(
    account: str, right: Right, grounds: dict[str, Ground]
) -> None:
    grounds[account].assert_needed(right)


@pytest.mark.parametrize("account", PROBES)
def test_there_is_a_probe_for_every_right_of_the_chart(
    account: str, grounds: dict[str, Ground]
) -> None:
    assert granted(grounds[account].rules) == PROBES[account].keys()


@pytest.mark.parametrize("account", PROBES)
def test_every_right_is_on_its_page(account: str) -> None:
    assert told_of(account) == PROBES[account].keys()
