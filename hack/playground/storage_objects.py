"""What a cluster needs so that its storage can be played: classes, kinds of snapshots, sizes."""

from __future__ import annotations

import re
from fractions import Fraction

from playground.fleet_api import Json

DRIVER = "csi.playground"
"""The provisioner of the classes below, and the driver of their volumes."""

EXPANDABLE, FIXED, PREMIUM = "expandable", "fixed", "premium"
"""StorageClasses: claims of the first and the third may grow."""

SPEEDS = ("slow", "medium", "fast")
"""VolumeAttributesClasses."""

SNAPSHOT_CLASS = "snapshots"
SNAPSHOTS = "snapshot.storage.k8s.io"

PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"

GI = 2**30

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_UNITS |= {f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("KMGTPE", start=1)}


def size(quantity: str) -> int:
    """The bytes that a quantity such as 10Gi means, rounded up."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][0-9]+)?)([kKMGTPE]?i?|m)", quantity)
    if found is None:
        raise ValueError(f"not a quantity: {quantity!r}")
    unit = Fraction(1, 1000) if found[2] == "m" else Fraction(_UNITS[found[2]])
    return -int(-(Fraction(found[1]) * unit) // 1)


def quantity(amount: int) -> str:
    """The quantity that means so many bytes, in the largest unit that needs no fraction."""
    for unit in ("Ti", "Gi", "Mi", "Ki"):
        if amount % _UNITS[unit] == 0:
            return f"{amount // _UNITS[unit]}{unit}"
    return str(amount)


def classes() -> list[Json]:
    """The StorageClasses, VolumeAttributesClasses and CustomResourceDefinitions."""
    return [
        *(_storage_class(name, grows=name != FIXED) for name in (EXPANDABLE, FIXED, PREMIUM)),
        *(_speed(name, 1000 * 4**rank) for rank, name in enumerate(SPEEDS)),
        _snapshot_kind("VolumeSnapshot", "Namespaced"),
        _snapshot_kind("VolumeSnapshotClass", "Cluster"),
    ]


def snapshot_class() -> Json:
    """The class of snapshots; to be created once its kind is known."""
    return {
        "apiVersion": f"{SNAPSHOTS}/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": SNAPSHOT_CLASS},
        "driver": DRIVER,
        "deletionPolicy": "Delete",
    }


def volume(name: str, claim: Json, storage_class: Json, capacity: int) -> Json:
    """A volume of so many bytes for a claim, for it alone."""
    metadata, spec = claim["metadata"], claim["spec"]
    source = spec.get("dataSource")
    copied = {"copyOf": f"{source['kind']}/{source['name']}"} if source else {}
    speed = spec.get("volumeAttributesClassName")
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {PROVISIONED_BY: DRIVER}},
        "spec": {
            "capacity": {"storage": quantity(capacity)},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "storageClassName": storage_class["metadata"]["name"],
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "csi": {"driver": DRIVER, "volumeHandle": name, "volumeAttributes": copied},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            **({"volumeAttributesClassName": speed} if speed else {}),
        },
    }


def _storage_class(name: str, *, grows: bool) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": DRIVER,
        "allowVolumeExpansion": grows,
    }


def _speed(name: str, iops: int) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttributesClass",
        "metadata": {"name": name},
        "driverName": DRIVER,
        "parameters": {"iops": str(iops)},
    }


def _snapshot_kind(kind: str, scope: str) -> Json:
    """As much of the kind as is played; its fields are not checked."""
    plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{SNAPSHOTS}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, played"},
        },
        "spec": {
            "group": SNAPSHOTS,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }
