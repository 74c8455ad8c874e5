"""A cluster of plain dicts whose storage and workloads move: pods start, write and end, claims are
bound, volumes made, copied and reclaimed, a tick at a time.

What pods write is kept by volume, so it shows at once where one starts on a volume that lacks
something, and where a volume is lost.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

from kubervisor.rules.actions.action import Deed, Delete, Object, Patch
from kubervisor.rules.actions.objects import controller_of, field
from kubervisor.rules.decision.policy import ObjectRef
from tests.rules.dict_world import DictWorld, Json

NAMESPACE = "shop"
DRIVER = "csi.example"
GRACE = 3
"""Ticks that a pod still runs, and writes, once it was told to end."""
_SIZE = {"storage": "10Gi"}


class StorageWorld(DictWorld):
    """One workload and its claim `data`, or `data-db-N` of StatefulSet `db`.

    Attributes:
        written: all that pods wrote, in its order.
        content: what is on each volume.
        losses: each start of a pod on a volume that lacks something; every volume that was lost.
        provisions: whether volumes are made.
        detaches: whether volumes are let go of.
    """

    def __init__(self, workload: Json, *claims: str) -> None:
        super().__init__(*_classes(), _node("n1", "east"), _node("n2", "west"))
        self.written: list[str] = []
        self.content: dict[str, list[str]] = {}
        self.snapshots: dict[str, list[str]] = {}
        self.losses: list[str] = []
        self.provisions = self.detaches = True
        self._serial = self._ticks = 0
        for name in claims:
            self.put(_claim(name, "slow", self._uid()))
        self.put(workload)
        self.kind, self.name = workload["kind"], workload["metadata"]["name"]
        for _ in range(6):
            self.tick()

    # What the API server does.

    def do(self, deed: Deed) -> None:
        """As the API server: finalizers hold claims, and a change of a spec is a generation."""
        if isinstance(deed, Delete) and deed.target.kind == "PersistentVolumeClaim":
            self.deeds.append(deed)
            self._very(deed.target)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            return
        old = copy.deepcopy(self._there)
        super().do(deed)
        if isinstance(deed, Patch):
            self.note_generation(deed.target, old[deed.target.kind, *_where(deed.target)])

    def note_generation(self, ref: ObjectRef, old: Json) -> None:
        """Count a change of the spec."""
        there = self.there(ref.kind, ref.namespace, ref.name)
        if "generation" in there["metadata"] and there.get("spec") != old.get("spec"):
            there["metadata"]["generation"] += 1

    def scale(self, replicas: int) -> None:
        """Somebody else scales the workload."""
        there = self.workload
        there["metadata"]["generation"] += there["spec"]["replicas"] != replicas
        there["spec"]["replicas"] = replicas

    @property
    def workload(self) -> Json:
        """It, as stored."""
        return self.there(self.kind, NAMESPACE, self.name)

    def claim(self, name: str) -> ObjectRef:
        """The claim that has the name now."""
        there = self.there("PersistentVolumeClaim", NAMESPACE, name)
        return ObjectRef("PersistentVolumeClaim", NAMESPACE, name, there["metadata"]["uid"])

    def volume_of(self, claim: str) -> str:
        """The volume that the claim of that name has now."""
        there = self.there("PersistentVolumeClaim", NAMESPACE, claim)
        return str(there["spec"]["volumeName"])

    def running(self) -> list[Json]:
        """Pods that run."""
        return [pod for pod in self.stored("Pod") if pod["status"]["phase"] == "Running"]

    # What everybody else does.

    def tick(self) -> None:
        """Each controller acts once."""
        self._ticks += 1
        for pod in self.stored("Pod"):
            if pod["metadata"].get("deletionTimestamp", self._ticks) < self._ticks - GRACE:
                self.remove("Pod", NAMESPACE, pod["metadata"]["name"])
        if self._ticks % 2:  # it is slower than others
            self._control()
        self._let_claims_go()
        self._take_snapshots()
        self._bind()
        self._reclaim()
        self._run_pods()
        self._attach()

    def _control(self) -> None:
        if self.kind == "Deployment":
            self._deploy()
        else:
            self._keep_set()
        status = {"replicas": len(self.stored("Pod")), "readyReplicas": len(self.running())}
        status["observedGeneration"] = self.workload["metadata"]["generation"]
        self.workload["status"] = status

    def stored(self, kind: str) -> list[Json]:
        """All of a kind, as stored."""
        return [one for key, one in sorted(self._there.items()) if key[0] == kind]

    def _uid(self) -> str:
        self._serial += 1
        return f"uid-{self._serial}"

    def _deploy(self) -> None:
        there = self.workload
        spec = there["spec"]["template"]["spec"]
        name = f"{self.name}-{spec['volumes'][0]['persistentVolumeClaim']['claimName']}"
        if self.get("ReplicaSet", NAMESPACE, name) is None:
            self.put(_replica_set(name, there, self._uid()))
        for each in self.stored("ReplicaSet"):
            wanted = there["spec"]["replicas"] if each["metadata"]["name"] == name else 0
            each["metadata"]["generation"] += each["spec"]["replicas"] != wanted
            each["spec"]["replicas"] = wanted
            each["status"]["observedGeneration"] = each["metadata"]["generation"]
            each["status"]["replicas"] = self._keep_pods(each, wanted, f"{name}-{{}}")

    def _keep_set(self) -> None:
        there = self.workload
        for number in range(there["spec"]["replicas"]):
            for template in there["spec"]["volumeClaimTemplates"]:
                claim = f"{template['metadata']['name']}-{self.name}-{number}"
                if self.get("PersistentVolumeClaim", NAMESPACE, claim) is None:
                    self.put(_claim(claim, "slow", self._uid()))
        self._keep_pods(there, there["spec"]["replicas"], f"{self.name}-{{}}")

    def _keep_pods(self, owner: Json, wanted: int, names: str) -> int:
        own = {names.format(number): number for number in range(wanted)}
        for pod in self.stored("Pod"):
            mine = (controller_of(pod) or {}).get("uid") == owner["metadata"]["uid"]
            if mine and pod["metadata"]["name"] not in own:
                pod["metadata"].setdefault("deletionTimestamp", self._ticks)
        for name, number in own.items():
            if self.get("Pod", NAMESPACE, name) is None:
                self.put(_pod(name, owner, self._claims_of(number), self._uid()))
        return wanted

    def _claims_of(self, number: int) -> list[str]:
        spec = self.workload["spec"]
        own = [
            f"{one['metadata']['name']}-{self.name}-{number}"
            for one in spec.get("volumeClaimTemplates", ())
        ]
        volumes = spec["template"]["spec"].get("volumes", ())
        return own + [volume["persistentVolumeClaim"]["claimName"] for volume in volumes]

    def _let_claims_go(self) -> None:
        for claim in self.stored("PersistentVolumeClaim"):
            name = claim["metadata"]["name"]
            used = any(name in _claims(pod) for pod in self.stored("Pod"))
            if "deletionTimestamp" in claim["metadata"] and not used:
                self.remove("PersistentVolumeClaim", NAMESPACE, name)

    def _take_snapshots(self) -> None:
        for snapshot in self.stored("VolumeSnapshot"):
            name = snapshot["metadata"]["name"]
            source = snapshot["spec"]["source"]["persistentVolumeClaimName"]
            if name not in self.snapshots:
                self.snapshots[name] = list(self.content[self.volume_of(source)])
                snapshot["status"] = {"readyToUse": True, "restoreSize": "10Gi"}

    def _bind(self) -> None:
        for claim in self.stored("PersistentVolumeClaim"):
            if claim.get("status", {}).get("phase") == "Bound":
                continue
            name, wanted = claim["metadata"]["name"], claim["spec"].get("volumeName")
            volume = self._waiting_for(name)
            if volume is None and not wanted and self.provisions:
                volume = self._make_volume(claim)
            if volume is None or wanted not in (None, volume["metadata"]["name"]):
                continue
            volume["spec"]["claimRef"] = {
                "namespace": NAMESPACE,
                "name": name,
                "uid": claim["metadata"]["uid"],
            }
            claim["spec"]["volumeName"] = volume["metadata"]["name"]
            claim["status"] = {"phase": "Bound", "capacity": dict(_SIZE)}

    def _waiting_for(self, claim: str) -> Json | None:
        for volume in self.stored("PersistentVolume"):
            holder = volume["spec"].get("claimRef") or {}
            if holder.get("name") == claim and not holder.get("uid"):
                return volume
        return None

    def _make_volume(self, claim: Json) -> Json | None:
        source = claim["spec"].get("dataSource") or {}
        if source.get("kind") == "VolumeSnapshot":
            if source["name"] not in self.snapshots:
                return None
            content = self.snapshots[source["name"]]
        else:
            content = self.content[self.volume_of(source["name"])] if source else []
        uid = self._uid()
        volume = _volume(f"pv-{uid}", claim["spec"]["storageClassName"], uid)
        self.content[f"pv-{uid}"] = list(content)
        self.put(volume)
        return self.there("PersistentVolume", "", f"pv-{uid}")

    def _reclaim(self) -> None:
        alive = {one["metadata"]["uid"] for one in self.stored("PersistentVolumeClaim")}
        for volume in self.stored("PersistentVolume"):
            holder = (volume["spec"].get("claimRef") or {}).get("uid")
            is_free = holder is not None and holder not in alive
            if is_free and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
                name = volume["metadata"]["name"]
                self.remove("PersistentVolume", "", name)
                self.losses.append(f"{name} was deleted")

    def _run_pods(self) -> None:
        for pod in self.stored("Pod"):
            claims = [self.get("PersistentVolumeClaim", NAMESPACE, name) for name in _claims(pod)]
            volumes = [self._usable(claim) for claim in claims]
            name, is_new = pod["metadata"]["name"], pod["status"]["phase"] == "Pending"
            if is_new and not all(volumes):
                continue
            pod["status"]["phase"] = "Running"
            if re.search(r"-0$", name):  # one of them writes
                for volume in filter(None, volumes):
                    self._write(name, volume, is_new=is_new)

    def _write(self, pod: str, volume: str, *, is_new: bool) -> None:
        if is_new and self.content[volume] != self.written:
            lacks = len(self.written) - len(self.content[volume])
            self.losses.append(f"{pod} started on {volume}, which lacks {lacks}")
        self.written.append(f"w{len(self.written)}")
        self.content[volume].append(self.written[-1])

    def _usable(self, claim: Object | None) -> str | None:
        if claim is None or field(claim, "status", "phase") != "Bound":
            return None
        return str(claim["spec"]["volumeName"])

    def _attach(self) -> None:
        used = {
            self.volume_of(claim)
            for pod in self.running()
            for claim in _claims(pod)
            if self.get("PersistentVolumeClaim", NAMESPACE, claim) is not None
        }
        for volume in used:
            if self.get("VolumeAttachment", "", volume) is None:
                self.put(_attachment(volume, self._uid()))
        for attachment in self.stored("VolumeAttachment"):
            name = attachment["metadata"]["name"]
            if name not in used and self.detaches:
                self.remove("VolumeAttachment", "", name)


def deployment(replicas: int = 1) -> Json:
    """One whose template names claim `data`."""
    return _workload("Deployment", {"replicas": replicas}, [_uses("data")])


def stateful_set(replicas: int = 1, **spec: object) -> Json:
    """One with claims of its own for each replica."""
    templates = [{"metadata": {"name": "data"}}]
    return _workload(
        "StatefulSet", {"replicas": replicas, **spec, "volumeClaimTemplates": templates}, []
    )


def _workload(kind: str, spec: Json, volumes: Sequence[Json]) -> Json:
    template = {"metadata": {}, "spec": {"containers": [], "volumes": list(volumes)}}
    return {
        "kind": kind,
        "metadata": {"namespace": NAMESPACE, "name": "db", "uid": "uid-db", "generation": 1},
        "spec": {**spec, "template": template},
    }


def _uses(claim: str) -> Json:
    return {"name": "data", "persistentVolumeClaim": {"claimName": claim}}


def _claims(pod: Json) -> list[str]:
    return [one["persistentVolumeClaim"]["claimName"] for one in pod["spec"]["volumes"]]


def _where(ref: ObjectRef) -> tuple[str, str]:
    return ref.namespace, ref.name


def _classes() -> list[Json]:
    return [
        {
            "kind": "StorageClass",
            "metadata": {"name": name, "uid": name},
            "provisioner": DRIVER,
            "volumeBindingMode": "Immediate",
        }
        for name in ("slow", "fast")
    ]


def _node(name: str, zone: str) -> Json:
    labels = {"topology.kubernetes.io/zone": zone}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {
        "kind": "Node",
        "metadata": {"name": name, "uid": name, "labels": labels},
        "status": ready,
    }


def _claim(name: str, storage_class: str, uid: str) -> Json:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "namespace": NAMESPACE,
            "name": name,
            "uid": uid,
            "labels": {"app": "db"},
            "annotations": {"note": "mine", "pv.kubernetes.io/bind-completed": "yes"},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": dict(_SIZE)},
        },
    }


def _volume(name: str, storage_class: str, uid: str) -> Json:
    return {
        "kind": "PersistentVolume",
        "metadata": {"name": name, "uid": uid},
        "spec": {
            "capacity": dict(_SIZE),
            "storageClassName": storage_class,
            "persistentVolumeReclaimPolicy": "Delete",
            "csi": {"driver": DRIVER, "volumeHandle": name},
        },
    }


def _replica_set(name: str, owner: Json, uid: str) -> Json:
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "namespace": NAMESPACE,
            "name": name,
            "uid": uid,
            "generation": 1,
            **_of(owner),
        },
        "spec": {"replicas": 0},
        "status": {},
    }


def _pod(name: str, owner: Json, claims: Sequence[str], uid: str) -> Json:
    return {
        "kind": "Pod",
        "metadata": {"namespace": NAMESPACE, "name": name, "uid": uid, **_of(owner)},
        "spec": {"nodeName": "n1", "volumes": [_uses(claim) for claim in claims]},
        "status": {"phase": "Pending"},
    }


def _attachment(volume: str, uid: str) -> Json:
    return {
        "kind": "VolumeAttachment",
        "metadata": {"name": volume, "uid": uid},
        "spec": {"nodeName": "n1", "source": {"persistentVolumeName": volume}},
    }


def _of(owner: Json) -> Json:
    metadata = owner["metadata"]
    reference = {"kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {"ownerReferences": [{**reference, "controller": True}]}
