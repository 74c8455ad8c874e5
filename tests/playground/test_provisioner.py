"""Played storage: what a claim comes to is what the cluster's own controllers make of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch, await_object
from playground.provisioner import ATTACHMENTS, Provisioner
from playground.storage_changes import VOLUMES, Answer, Growth, Work
from playground.storage_objects import (
    EXPANDABLE,
    FIXED,
    GI,
    PREMIUM,
    SNAPSHOT_CLASS,
    SNAPSHOTS,
    quantity,
    size,
)

WITHIN = 60.0


class Storage:
    """The claims of a namespace, asked for as users do."""

    def __init__(self, api: Api, namespace: str, provisioner: Provisioner) -> None:
        self.api, self.namespace, self.provisioner = api, namespace, provisioner
        self.claims = f"{namespace_path(namespace)}/persistentvolumeclaims"

    def claim(self, name: str, amount: str = "10Gi", **spec: object) -> Json:
        """Create one; as it is once it is bound."""
        wanted = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": EXPANDABLE,
            "resources": {"requests": {"storage": amount}},
        }
        kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        body = {**kind, "metadata": {"name": name}, "spec": {**wanted, **spec}}
        self.api.create(self.claims, body)
        return self.wait(name, lambda one: one["status"]["phase"] == "Bound")

    def wait(self, name: str, so: Callable[[Json], bool]) -> Json:
        return await_object(self.api, self.claims, name, so, WITHIN)

    def ask(self, name: str, **spec: object) -> None:
        self.api.merge(f"{self.claims}/{name}", {"spec": spec})

    def grow(self, name: str, amount: str) -> None:
        self.ask(name, resources={"requests": {"storage": amount}})

    def wait_attached(self, volume: str, *, yes: bool) -> None:
        with Watch(self.api, ATTACHMENTS, _attached_volume) as attachments:
            self.until(lambda: (volume in attachments.objects.values()) is yes)

    def until(self, so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WITHIN
        while not so():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def volume(self, claim: Json) -> Json:
        return self.api.get(f"{VOLUMES}/{claim['spec']['volumeName']}")


def _attached_volume(attachment: Json) -> str:
    volume: str = attachment["spec"]["source"]["persistentVolumeName"]
    return volume if attachment.get("status", {}).get("attached") else ""


def _phase(volume: Json) -> str:
    return str(volume["status"]["phase"])


@pytest.fixture
def storage(api: Api, cluster: LocalCluster, namespace: str) -> Iterator[Storage]:
    with Provisioner(cluster, rounding=GI) as provisioner:
        yield Storage(api, namespace, provisioner)


def has(amount: str) -> Callable[[Json], bool]:
    return lambda claim: claim["status"]["capacity"]["storage"] == amount


def says(condition: str) -> Callable[[Json], bool]:
    return lambda claim: any(
        one["type"] == condition for one in claim["status"].get("conditions", ())
    )


def test_a_claim_grows_to_whole_sizes_once_it_is_let(storage: Storage) -> None:
    storage.provisioner.answer(Work.RESIZE, Answer.HOLD)
    storage.claim("data", "7Gi")
    storage.grow("data", "10752Mi")
    assert has("7Gi")(storage.wait("data", says("Resizing")))
    storage.provisioner.answer(Work.RESIZE, Answer.FILE_SYSTEM)
    claim = storage.wait("data", says("FileSystemResizePending"))
    assert has("7Gi")(claim)
    assert storage.volume(claim)["spec"]["capacity"]["storage"] == "11Gi"
    storage.provisioner.answer(Work.RESIZE, Answer.DO)
    assert "conditions" not in storage.wait("data", has("11Gi"))["status"]
    name = f"{storage.namespace}/data"
    grown = [one for one in storage.provisioner.growths if one.claim == name]
    assert grown == [Growth(name, before=7 * GI, after=11 * GI)]


def test_a_resize_is_refused_by_the_driver_and_by_a_class(storage: Storage) -> None:
    storage.provisioner.answer(Work.RESIZE, Answer.REFUSE)
    storage.claim("data")
    storage.grow("data", "20Gi")
    claim = storage.wait("data", says("ControllerResizeError"))
    infeasible = {"storage": "ControllerResizeInfeasible"}
    assert claim["status"]["allocatedResourceStatuses"] == infeasible
    storage.claim("fixed", storageClassName=FIXED)
    with pytest.raises(ApiRefused, match="must support resize"):
        storage.grow("fixed", "20Gi")


def test_a_claim_changes_its_volume_attributes_class(storage: Storage) -> None:
    claim = storage.claim("data", volumeAttributesClassName="slow")
    assert claim["status"]["currentVolumeAttributesClassName"] == "slow"
    storage.provisioner.answer(Work.MODIFY, Answer.REFUSE)
    storage.ask("data", volumeAttributesClassName="fast")
    stands = {"targetVolumeAttributesClassName": "fast", "status": "Infeasible"}
    storage.wait("data", lambda one: one["status"].get("modifyVolumeStatus") == stands)
    storage.provisioner.answer(Work.MODIFY, Answer.DO)
    claim = storage.wait(
        "data", lambda one: one["status"]["currentVolumeAttributesClassName"] == "fast"
    )
    assert storage.volume(claim)["spec"]["volumeAttributesClassName"] == "fast"
    storage.wait("data", lambda one: "modifyVolumeStatus" not in one["status"])


def test_a_claim_is_made_of_another_and_of_a_snapshot(storage: Storage) -> None:
    storage.claim("data")
    source = {"kind": "PersistentVolumeClaim", "name": "data"}
    copy = storage.claim("copy", storageClassName=PREMIUM, dataSource=source)
    noted = storage.volume(copy)["spec"]["csi"]["volumeAttributes"]
    assert noted == {"copyOf": "PersistentVolumeClaim/data"}

    path = f"/apis/{SNAPSHOTS}/v1/namespaces/{storage.namespace}/volumesnapshots"
    shot = {
        "apiVersion": f"{SNAPSHOTS}/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": "shot"},
        "spec": {
            "volumeSnapshotClassName": SNAPSHOT_CLASS,
            "source": {"persistentVolumeClaimName": "data"},
        },
    }
    storage.api.create(path, shot)
    source = {"apiGroup": SNAPSHOTS, "kind": "VolumeSnapshot", "name": "shot"}
    restored = storage.claim("restored", dataSource=source)
    noted = storage.volume(restored)["spec"]["csi"]["volumeAttributes"]
    assert noted == {"copyOf": "VolumeSnapshot/shot"}


def test_a_volume_is_attached_while_a_pod_uses_it_and_goes_with_its_claim(storage: Storage) -> None:
    volume = storage.claim("data")["spec"]["volumeName"]
    container = {"name": "db", "image": "db", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    mounted = {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "db"},
        "spec": {"containers": [container], "volumes": [mounted]},
    }
    pods = f"{namespace_path(storage.namespace)}/pods"
    storage.api.create(pods, pod)
    await_object(storage.api, pods, "db", lambda one: one["status"]["phase"] == "Running", WITHIN)

    storage.wait_attached(volume, yes=True)
    storage.api.delete(f"{pods}/db")
    storage.api.delete(f"{storage.claims}/data")
    storage.wait_attached(volume, yes=False)
    with Watch(storage.api, VOLUMES, _phase, fields=f"metadata.name={volume}") as volumes:
        storage.until(lambda: not volumes.objects)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("10Gi", 10 * GI), ("1.5Gi", 3 * GI // 2), ("4e3", 4000), ("7G", 7 * 10**9), ("1m", 1)],
)
def test_sizes_are_read_as_kubernetes_does(text: str, amount: int) -> None:
    assert size(text) == amount
    assert size(quantity(amount)) == amount
