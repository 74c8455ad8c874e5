"""What a relocation would do, and every reason not to begin one. Nothing is changed here.

A copy can be trusted only where the storage makes it: a provisioner that is no CSI driver ignores
what a claim is to be a copy of, and makes an empty volume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubervisor.errors import NotFound
from kubervisor.rules.actions.action import Object, Refusal, World
from kubervisor.rules.actions.claims import bound
from kubervisor.rules.actions.move_fields import name_of
from kubervisor.rules.actions.move_journal import MOVE, Journal, Stage, read_journal
from kubervisor.rules.actions.move_place import choose_node, is_in_zone
from kubervisor.rules.actions.move_workload import Workload, find_workload, node_in_use
from kubervisor.rules.actions.objects import field
from kubervisor.rules.actions.quantities import parse
from kubervisor.rules.decision.policy import ObjectRef

CLONE, SNAPSHOT = "clone", "snapshot"
DEFAULT_DOWNTIME = "1800"


@dataclass(frozen=True, slots=True)
class Wish:
    """The parameters of the action, as they count."""

    storage_class: str
    method: str
    snapshot_class: str
    zone: str
    max_downtime: int


def wish_of(goal: Mapping[str, str]) -> Wish:
    """What a goal, or parameters without problems, ask for."""
    return Wish(
        goal.get("storageClass", ""),
        goal.get("method", CLONE),
        goal.get("snapshotClass", ""),
        goal.get("zone", ""),
        int(goal.get("maxDowntime", DEFAULT_DOWNTIME)),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a relocation begins with. `node` is where the volume is in use."""

    claim: Object
    volume: Object
    workload: Workload
    node: str


def make_plan(ref: ObjectRef, wish: Wish, world: World) -> Plan | Refusal:
    """How the claim would be moved, or why it is not. Raises ApiError."""
    claim = bound(world, ref)
    if isinstance(claim, Refusal):
        return claim
    volume = world.get("PersistentVolume", "", str(field(claim, "spec", "volumeName")))
    if volume is None:
        return Refusal("NotBound", f"{ref} has lost its volume")
    workload = find_workload(claim, world)
    if isinstance(workload, Refusal):
        return workload
    under_way = _under_way(claim) or _other_move(workload)
    if under_way is not None:
        return under_way
    storage_class = world.get("StorageClass", "", wish.storage_class)
    nodes = world.list("Node", "")
    wrong = _storage(volume, storage_class, wish, nodes) or _snapshots(ref, wish, world)
    if wrong is not None:
        return wrong
    node = node_in_use(name_of(claim), world.list("Pod", ref.namespace))
    template = workload.thing["spec"]["template"]
    place = choose_node(
        storage_class or {}, volume, template, nodes, zone=wish.zone, in_use_on=node
    )
    return place if isinstance(place, Refusal) else Plan(claim, volume, workload, node)


def find_move(ref: ObjectRef, world: World) -> tuple[Workload, Journal] | None:
    """The latest move of that claim's volume, and the workload that it stops or stopped. It is
    found without the claim: that of a StatefulSet is gone for a moment. Raises ApiError.
    """
    for kind in ("Deployment", "StatefulSet"):
        for there in world.list(kind, ref.namespace):
            journal = read_journal(there)
            if journal is not None and journal.claim == ref.uid:
                return resumed(kind, there, journal), journal
    return None


def resumed(kind: str, there: Object, journal: Journal) -> Workload:
    """The workload of a move that has begun."""
    metadata = there["metadata"]
    own = ObjectRef(kind, metadata["namespace"], metadata["name"], metadata["uid"])
    return Workload(own, there, journal.goal["by"] == "name", journal.stopped_at)


def refusal_after(journal: Journal, workload: Workload) -> Refusal | None:
    """Why a move that has ended is not made once more; None while it has not."""
    if journal.stage is Stage.FAILED:
        return Refusal(
            "MoveFailed",
            f"{journal.message}; it is tried again once somebody takes the annotation {MOVE} off "
            f"{workload.title}",
            is_final=True,
        )
    if journal.stage is Stage.DONE:
        return Refusal(
            "AlreadyMoved", f"{workload.title} was moved to volume {journal.to}", is_final=True
        )
    return None


def _under_way(claim: Object) -> Refusal | None:
    requested = field(claim, "spec", "resources", "requests", "storage") or "0"
    capacity = field(claim, "status", "capacity", "storage") or "0"
    if parse(str(requested)) > parse(str(capacity)):
        return Refusal("ResizeInProgress", f"it grows to {requested}; it is moved afterwards")
    return None


def _other_move(workload: Workload) -> Refusal | None:
    journal = read_journal(workload.thing)
    if journal is None or not journal.is_open:
        return None
    return Refusal(
        "OtherMove", f"{workload.title} is stopped while volume {journal.volume} of it is moved"
    )


def _storage(
    volume: Object, storage_class: Object | None, wish: Wish, nodes: Sequence[Object]
) -> Refusal | None:
    """Why that volume cannot come to that class or zone."""
    name, driver = wish.storage_class, field(volume, "spec", "csi", "driver")
    if storage_class is None:
        return _never("NoSuchClass", f"StorageClass {name} does not exist; write one that does")
    if not driver:
        return _never(
            "NotCopied",
            f"volume {name_of(volume)} is of no CSI driver, so nothing can copy it as a whole; "
            f"move its data with a Job",
        )
    if storage_class.get("provisioner") != driver:
        return _never(
            "NotCopied",
            f"StorageClass {name} is of {storage_class.get('provisioner')}, the volume of "
            f"{driver}; storage copies its own volumes only: name a class of {driver}",
        )
    is_there = is_in_zone(volume, wish.zone, nodes) if wish.zone else True
    if field(volume, "spec", "storageClassName") == name and is_there:
        where = f" in zone {wish.zone}" if wish.zone else ""
        return _never("AlreadyThere", f"its volume is of class {name}{where} already")
    return None


def _snapshots(ref: ObjectRef, wish: Wish, world: World) -> Refusal | None:
    if wish.method != SNAPSHOT:
        return None
    try:
        world.list("VolumeSnapshot", ref.namespace)
    except NotFound:
        return _never(
            "NoSnapshots", "the cluster has no VolumeSnapshots; install them, or use method clone"
        )
    return None


def _never(reason: str, message: str) -> Refusal:
    return Refusal(reason, message, is_final=True)
