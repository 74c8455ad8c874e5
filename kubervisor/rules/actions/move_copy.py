"""The copy of a volume: a claim whose source is another claim, or a snapshot of it.

It is complete once it is bound, and not before: a CSI driver answers when the volume has its
content. It is used only if it is what was asked for: another volume of the same driver, made from
the source, where it was wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubervisor import instants
from kubervisor.rules.actions.action import Create, Do, Object, Refusal, Wait, World
from kubervisor.rules.actions.move_fields import COPY_OF, lasting, name_of
from kubervisor.rules.actions.move_journal import Journal
from kubervisor.rules.actions.move_place import SELECTED_NODE, choose_node, is_in_zone
from kubervisor.rules.actions.move_plan import SNAPSHOT, Wish
from kubervisor.rules.actions.move_workload import Workload
from kubervisor.rules.actions.objects import annotation, field
from kubervisor.rules.actions.quantities import parse, render

SNAPSHOT_ERROR_SECONDS = 60.0
"""A snapshot that has an error for so long is given up; the snapshotter tries again before."""

_SNAPSHOTS = "snapshot.storage.k8s.io"


@dataclass(frozen=True, slots=True)
class Copy:
    """A complete copy: the claim, and its volume."""

    claim: Object
    volume: Object


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there will be no copy that can be used."""

    message: str


def make_copy(
    workload: Workload,
    claim: Object,
    volume: Object,
    journal: Journal,
    wish: Wish,
    world: World,
    now: float,
) -> Do | Wait | Copy | Trouble:
    """The next step to a copy of `claim`, whose volume nobody writes to, or the copy. Raises
    ApiError.
    """
    namespace = claim["metadata"]["namespace"]
    copy = world.get("PersistentVolumeClaim", namespace, journal.copy)
    if copy is not None:
        return _look_at(copy, volume, journal, wish, world)
    size = parse(str(field(volume, "spec", "capacity", "storage")))
    if wish.method == SNAPSHOT:
        snapshot = world.get("VolumeSnapshot", namespace, journal.copy)
        if snapshot is None:
            return Do(Create(_snapshot(claim, journal, wish)))
        unready = _unready(snapshot, journal, now)
        if unready is not None:
            return unready
        size = max(size, parse(str(field(snapshot, "status", "restoreSize") or "0")))
    node = _node(workload, volume, journal, wish, world)
    if isinstance(node, Refusal):
        return Trouble(node.message)
    return Do(Create(_copy(claim, workload, journal, wish, render(size), node)))


def _node(
    workload: Workload, volume: Object, journal: Journal, wish: Wish, world: World
) -> str | Refusal:
    storage_class = world.get("StorageClass", "", wish.storage_class)
    if storage_class is None:
        return Refusal("NoSuchClass", f"StorageClass {wish.storage_class} was deleted")
    template, nodes = workload.thing["spec"]["template"], world.list("Node", "")
    return choose_node(
        storage_class, volume, template, nodes, zone=wish.zone, in_use_on=journal.node
    )


def _look_at(
    copy: Object, volume: Object, journal: Journal, wish: Wish, world: World
) -> Wait | Copy | Trouble:
    name = name_of(copy)
    kind = "VolumeSnapshot" if wish.method == SNAPSHOT else "PersistentVolumeClaim"
    if annotation(copy, COPY_OF) != journal.claim:
        return Trouble(f"claim {name} is there already and is no copy of ours")
    if field(copy, "spec", "dataSource", "kind") != kind:
        return Trouble(f"the API server took the source off claim {name}, so it would be empty")
    if field(copy, "status", "phase") != "Bound":
        return Wait(
            f"copy {name} is {field(copy, 'status', 'phase') or 'Pending'}; the Events of that "
            f"claim say more"
        )
    made = world.get("PersistentVolume", "", str(field(copy, "spec", "volumeName")))
    if made is None or field(made, "spec", "claimRef", "uid") != copy["metadata"]["uid"]:
        return Wait(f"copy {name} waits for its volume")
    driver, handle = (field(volume, "spec", "csi", key) for key in ("driver", "volumeHandle"))
    if field(made, "spec", "csi", "driver") != driver:
        return Trouble(f"volume {name_of(made)} is not of {driver}, so nobody knows what is on it")
    if field(made, "spec", "csi", "volumeHandle") == handle:
        return Trouble(f"volume {name_of(made)} is the old one under another name")
    if wish.zone and not is_in_zone(made, wish.zone, world.list("Node", "")):
        return Trouble(f"volume {name_of(made)} was not made in zone {wish.zone}")
    return Copy(copy, made)


def _unready(snapshot: Object, journal: Journal, now: float) -> Wait | Trouble | None:
    name, said = name_of(snapshot), field(snapshot, "status", "error", "message")
    if annotation(snapshot, COPY_OF) != journal.claim:
        return Trouble(f"snapshot {name} is there already and is not ours")
    if field(snapshot, "status", "readyToUse") is True:
        return None
    since = instants.parse(field(snapshot, "metadata", "creationTimestamp")) or now
    if said and now > since + SNAPSHOT_ERROR_SECONDS:
        return Trouble(f"snapshot {name} failed: {said}")
    return Wait(f"snapshot {name} is taken" + (f" (it says: {said})" if said else ""))


def _snapshot(claim: Object, journal: Journal, wish: Wish) -> Object:
    chosen = {"volumeSnapshotClassName": wish.snapshot_class} if wish.snapshot_class else {}
    return {
        "apiVersion": f"{_SNAPSHOTS}/v1",
        "kind": "VolumeSnapshot",
        "metadata": {
            "namespace": claim["metadata"]["namespace"],
            "name": journal.copy,
            "annotations": {COPY_OF: journal.claim},
        },
        "spec": {"source": {"persistentVolumeClaimName": name_of(claim)}, **chosen},
    }


def _copy(
    claim: Object, workload: Workload, journal: Journal, wish: Wish, size: str, node: str
) -> Object:
    source = (
        {"apiGroup": _SNAPSHOTS, "kind": "VolumeSnapshot", "name": journal.copy}
        if wish.method == SNAPSHOT
        else {"kind": "PersistentVolumeClaim", "name": name_of(claim)}
    )
    own = {COPY_OF: journal.claim} | ({SELECTED_NODE: node} if node else {})
    made = claim_like(claim, journal.copy, wish.storage_class, size, own)
    if not workload.by_name:
        # It is in the way of nobody's selector: its name is given up for that of the claim.
        del made["metadata"]["labels"], made["metadata"]["ownerReferences"]
    made["spec"]["dataSource"] = source
    return made


def claim_like(
    claim: Object, name: str, storage_class: str, size: str, annotations: Mapping[str, str]
) -> dict[str, Any]:
    """A claim with what the other has but its volume. Its VolumeAttributesClass is not carried
    over: it was made for the parameters of the old class.
    """
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "namespace": metadata["namespace"],
            "name": name,
            "labels": dict(metadata.get("labels") or {}),
            "annotations": lasting(metadata.get("annotations")) | dict(annotations),
            "ownerReferences": list(metadata.get("ownerReferences") or ()),
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }
