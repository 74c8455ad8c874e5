"""When a volume is not moved, and what is said then; where a new volume may be made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kubervisor.rules.actions.action import Refusal, Target
from kubervisor.rules.actions.move import MoveVolume
from kubervisor.rules.actions.move_place import choose_node
from kubervisor.rules.actions.move_workload import waits_for
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import Json, previewed, refusal
from tests.rules.storage_world import NAMESPACE, StorageWorld, deployment, stateful_set

NOW = 1_000_000.0
PARAMS = {"storageClass": "fast"}


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({}, "storageClass is missing"),
        ({"storageClass": "fast", "method": "rsync"}, "write clone or snapshot"),
        ({"storageClass": "fast", "zone": "east"}, "zone needs method snapshot"),
        ({"storageClass": "fast", "snapshotClass": "s"}, "snapshotClass is for method snapshot"),
        ({"storageClass": "fast", "maxDowntime": "5m"}, "from 60 to 86400"),
        ({"storageClass": "fast", "keep": "no"}, "keep is no parameter"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(params: dict[str, str], says: str) -> None:
    (problem,) = MoveVolume().problems(params)
    assert says in problem


def test_all_parameters_together_are_well() -> None:
    params = {
        **PARAMS,
        "method": "snapshot",
        "snapshotClass": "s",
        "zone": "a",
        "maxDowntime": "60",
    }
    assert MoveVolume().problems(params) == []


def world_of(kind: str = "Deployment") -> tuple[StorageWorld, Target]:
    claim = "data" if kind == "Deployment" else "data-db-0"
    world = StorageWorld(deployment() if kind == "Deployment" else stateful_set(), claim)
    return world, Target(world.claim(claim), "to-fast")


def test_the_preview_says_what_stops_and_what_stays() -> None:
    world, target = world_of()
    intent = previewed(MoveVolume(), world, target, PARAMS, NOW)
    for said in ("from StorageClass slow to fast", "Deployment db goes from 1 to 0", "1800 s"):
        assert said in intent.summary
    assert f"the old volume {world.volume_of('data')} is kept" in intent.summary


def test_the_same_is_previewed_at_any_instant_and_for_any_number_of_replicas() -> None:
    """An approval is for a goal: it must not be outdated by what does not matter."""
    world, target = world_of()
    goal = previewed(MoveVolume(), world, target, PARAMS, NOW).goal
    world.scale(0)
    for _ in range(9):
        world.tick()
    assert previewed(MoveVolume(), world, target, PARAMS, NOW + 999).goal == goal


def other_deployment(world: StorageWorld) -> None:
    other = deployment(0)
    other["metadata"] |= {"name": "report", "uid": "uid-report"}
    world.put(other)


def a_job_uses_it(world: StorageWorld) -> None:
    (pod,) = world.running()
    owner = {"kind": "Job", "name": "backup", "uid": "j", "controller": True}
    metadata = {**pod["metadata"], "name": "backup-1", "uid": "b", "ownerReferences": [owner]}
    world.put({**pod, "metadata": metadata})


def nobody_uses_it(world: StorageWorld) -> None:
    world.remove("Deployment", NAMESPACE, "db")
    for pod in world.running():
        world.remove("Pod", NAMESPACE, pod["metadata"]["name"])


def an_operator_runs_it(world: StorageWorld) -> None:
    owner = {"kind": "PostgresCluster", "name": "main", "uid": "p", "controller": True}
    world.workload["metadata"]["ownerReferences"] = [owner]


def it_grows(world: StorageWorld) -> None:
    claim = world.stored("PersistentVolumeClaim")[0]
    claim["spec"]["resources"]["requests"]["storage"] = "20Gi"


def of_no_csi_driver(world: StorageWorld) -> None:
    volume = world.stored("PersistentVolume")[0]
    del volume["spec"]["csi"]
    volume["spec"]["hostPath"] = {"path": "/data"}


def another_claim_of_it_is_moved(world: StorageWorld) -> None:
    target = Target(world.claim("data"), "to-fast")
    intent = previewed(MoveVolume(), world, target, PARAMS, NOW)
    step = MoveVolume().step(target.ref, intent, world, NOW)
    world.do(step.deed)  # type: ignore[union-attr]
    notes = world.workload["metadata"]["annotations"]
    for key, text in notes.items():
        notes[key] = text.replace(target.ref.uid, "another-uid")


@pytest.mark.parametrize(
    ("happens", "says", "is_final"),
    [
        (other_deployment, "shared by Deployment db, Deployment report", True),
        (a_job_uses_it, "pod backup-1, which belongs to Job backup", False),
        (nobody_uses_it, "no Deployment or StatefulSet uses claim data", True),
        (an_operator_runs_it, "run by PostgresCluster main", True),
        (lambda world: world.workload["spec"].update(paused=True), "is paused", True),
        (it_grows, "it grows to 20Gi", False),
        (of_no_csi_driver, "of no CSI driver", True),
        (another_claim_of_it_is_moved, "is stopped while volume", False),
        (lambda world: world.remove("StorageClass", "", "fast"), "does not exist", True),
        (
            lambda world: world.there("StorageClass", "", "fast").update(provisioner="nfs"),
            "copies its own volumes only",
            True,
        ),
    ],
)
def test_what_cannot_be_done_safely_is_refused(
    happens: Callable[[StorageWorld], None], says: str, is_final: bool
) -> None:
    world, target = world_of()
    happens(world)
    refused = refusal(MoveVolume(), world, target, PARAMS, NOW)
    assert says in refused.message
    assert refused.is_final == is_final


def test_a_stateful_set_that_deletes_the_claims_of_pods_it_stops_is_refused() -> None:
    world, target = world_of("StatefulSet")
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    world.workload["spec"]["persistentVolumeClaimRetentionPolicy"] = policy
    assert "whenScaled to Retain" in refusal(MoveVolume(), world, target, PARAMS, NOW).message


def test_a_volume_that_is_there_already_is_not_moved() -> None:
    world, target = world_of()
    refused = refusal(MoveVolume(), world, target, {"storageClass": "slow"}, NOW)
    assert refused.message == "its volume is of class slow already"


def test_what_was_refused_at_the_preview_is_refused_at_the_step() -> None:
    world, target = world_of()
    intent: Intent = previewed(MoveVolume(), world, target, PARAMS, NOW)
    a_job_uses_it(world)
    assert isinstance(MoveVolume().step(target.ref, intent, world, NOW), Refusal)


def node(name: str, zone: str, **more: object) -> Json:
    labels = {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "labels": labels}, "spec": more, "status": ready}


NODES = [
    node("a1", "a", taints=[{"key": "db", "effect": "NoSchedule"}]),
    node("a2", "a"),
    node("b1", "b", unschedulable=True),
    node("b2", "b"),
]
LAZY = {"metadata": {"name": "lazy"}, "volumeBindingMode": "WaitForFirstConsumer"}
EAGER = {"metadata": {"name": "eager"}, "volumeBindingMode": "Immediate"}


def in_zone(zone: str) -> Json:
    expression = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}
    return {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}


IN_A = {"spec": {"nodeAffinity": {"required": in_zone("a")}}}
ANYWHERE: Json = {"spec": {}}


def only_zones(storage_class: Json, *zones: str) -> Json:
    expression = {"key": "topology.kubernetes.io/zone", "values": list(zones)}
    return {**storage_class, "allowedTopologies": [{"matchLabelExpressions": [expression]}]}


@pytest.mark.parametrize(
    ("storage_class", "volume", "zone", "in_use_on", "chosen"),
    [
        pytest.param(LAZY, IN_A, "", "a1", "a1", id="where it was, taint or not"),
        pytest.param(LAZY, IN_A, "", "", "a2", id="where the volume is, on a node for all"),
        pytest.param(LAZY, IN_A, "", "gone", "a2", id="its node is gone"),
        pytest.param(LAZY, IN_A, "b", "a1", "b2", id="another zone, a node that takes pods"),
        pytest.param(LAZY, ANYWHERE, "", "b2", "b2", id="a volume that any node reaches"),
        pytest.param(LAZY, IN_A, "c", "a1", None, id="no such zone"),
        pytest.param(only_zones(LAZY, "a"), IN_A, "b", "a1", None, id="not of this class"),
        pytest.param(EAGER, IN_A, "", "a1", "", id="the class chooses"),
        pytest.param(EAGER, IN_A, "b", "a1", None, id="the class chooses, so no zone can be asked"),
        pytest.param(only_zones(EAGER, "b"), IN_A, "b", "a1", "", id="it has no other choice"),
        pytest.param(only_zones(EAGER, "a", "b"), IN_A, "b", "a1", None, id="it has a choice"),
    ],
)
def test_the_node_for_a_new_volume(
    storage_class: Json, volume: Json, zone: str, in_use_on: str, chosen: str | None
) -> None:
    found = choose_node(storage_class, volume, {"spec": {}}, NODES, zone=zone, in_use_on=in_use_on)
    assert (None if isinstance(found, Refusal) else found) == chosen


def test_no_volume_is_made_where_the_pods_may_not_run() -> None:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": in_zone("a")}
    for spec in (
        {"nodeSelector": {"topology.kubernetes.io/zone": "a"}},
        {"affinity": {"nodeAffinity": required}},
    ):
        found = choose_node(LAZY, IN_A, {"spec": spec}, NODES, zone="b", in_use_on="")
        assert isinstance(found, Refusal)


def quiet_world() -> StorageWorld:
    world, _ = world_of()
    world.scale(0)
    for _ in range(9):
        world.tick()
    assert waits(world) is None
    return world


def waits(world: StorageWorld) -> str | None:
    return waits_for(world.workload, "Deployment", "data", world.volume_of("data"), world)


def test_whatever_may_still_write_is_waited_for() -> None:
    world = quiet_world()
    world.workload["metadata"]["generation"] += 1
    assert waits(world) == "Deployment db to notice that it is stopped"

    world = quiet_world()
    world.stored("ReplicaSet")[0]["metadata"]["generation"] += 1
    assert waits(world) == "ReplicaSet db-data to end its pods"

    running, _ = world_of()
    (pod,) = running.running()
    for phase in ("Pending", "Running", "Unknown"):
        world = quiet_world()
        world.put({**pod, "status": {"phase": phase}})
        assert waits(world) == f"pods to end: {pod['metadata']['name']}"
    world.put({**pod, "status": {"phase": "Succeeded"}})
    assert waits(world) is None
    world.put(running.stored("VolumeAttachment")[0])
    assert waits(world) == "the volume to be detached from node n1"
