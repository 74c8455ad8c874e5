"""Who uses which volume, decoded: claims, volumes, attachments and pods."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kubervisor.kube import wire
from kubervisor.kube.storage_names import storage_of
from kubervisor.kube.unreadable import Raw

ALLOWED_WORKLOADS = "kubervisor.k8s.io/allowed-workloads"
ALLOWED_NAMESPACES = "kubervisor.k8s.io/allowed-namespaces"
TEMPLATE_HASH = "pod-template-hash"

_ENDED = ("Succeeded", "Failed")


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[wire.OwnerReference] | None = None


class _Ref(msgspec.Struct, gc=False):
    namespace: str = ""
    name: str = ""
    uid: str = ""


class _ClaimSpec(msgspec.Struct, gc=False, rename="camel"):
    volume_name: str = ""


class _Claim(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _ClaimSpec = msgspec.field(default_factory=_ClaimSpec)


class _Volume(msgspec.Struct, gc=False):
    metadata: _Meta
    # Each kind of storage has a field of its own.
    spec: dict[str, Any] = msgspec.field(default_factory=dict)


class _Source(msgspec.Struct, gc=False, rename="camel"):
    persistent_volume_name: str | None = None


class _AttachmentSpec(msgspec.Struct, gc=False, rename="camel"):
    node_name: str = ""
    source: _Source = msgspec.field(default_factory=_Source)


class _AttachmentStatus(msgspec.Struct, gc=False):
    attached: bool = False


class _Attachment(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _AttachmentSpec = msgspec.field(default_factory=_AttachmentSpec)
    status: _AttachmentStatus = msgspec.field(default_factory=_AttachmentStatus)


class _PodSpec(msgspec.Struct, gc=False, rename="camel"):
    node_name: str = ""
    volumes: list[dict[str, Any]] | None = None


class _PodStatus(msgspec.Struct, gc=False):
    phase: str = "Pending"


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


_claims = msgspec.json.Decoder(_Claim)
_volumes = msgspec.json.Decoder(_Volume)
_attachments = msgspec.json.Decoder(_Attachment)
_pods = msgspec.json.Decoder(_Pod)


@dataclass(frozen=True, slots=True)
class UsableClaim:
    """A claim. `workloads` and `namespaces` are what its annotations allow, None without one."""

    namespace: str
    name: str
    uid: str
    volume: str
    workloads: tuple[str, ...] | None
    namespaces: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class UsableVolume:
    """A PersistentVolume. `claim` is namespace, name and uid of what it is bound to; `storage` and
    `path` are as `storage_of` and its folder on a node, "" where it has none.
    """

    name: str
    uid: str
    claim: tuple[str, str, str] | None
    storage: str
    path: str
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class VolumeAttachment:
    """`holds`: the volume is attached, and not being detached."""

    name: str
    uid: str
    volume: str
    node: str
    holds: bool
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class UsingPod:
    """A pod that names storage: by claims, directly, or as folders of its node. `workload` is
    `Kind/name` of what runs it. `has_ended`: it uses nothing any more.
    """

    namespace: str
    name: str
    uid: str
    node: str
    workload: str
    is_going: bool
    has_ended: bool
    claims: tuple[str, ...]
    storages: tuple[str, ...]
    paths: tuple[str, ...]


def decode_claim(raw: Raw) -> UsableClaim:
    """Raises msgspec.DecodeError."""
    found = _claims.decode(raw)
    meta, notes = found.metadata, found.metadata.annotations or {}
    return UsableClaim(
        meta.namespace,
        meta.name,
        meta.uid,
        found.spec.volume_name,
        _listed(notes.get(ALLOWED_WORKLOADS)),
        _listed(notes.get(ALLOWED_NAMESPACES)),
    )


def decode_volume(raw: Raw) -> UsableVolume:
    """Raises msgspec.DecodeError."""
    found = _volumes.decode(raw)
    holder = msgspec.convert(found.spec.get("claimRef"), _Ref | None)
    folder = found.spec.get("local") or found.spec.get("hostPath") or {}
    return UsableVolume(
        found.metadata.name,
        found.metadata.uid,
        (holder.namespace, holder.name, holder.uid) if holder is not None and holder.uid else None,
        storage_of(found.spec),
        str(folder.get("path", "")),
    )


def decode_attachment(raw: Raw) -> VolumeAttachment:
    """Raises msgspec.DecodeError."""
    found = _attachments.decode(raw)
    meta, volume = found.metadata, found.spec.source.persistent_volume_name or ""
    holds = bool(volume) and found.status.attached and meta.deletion_timestamp is None
    return VolumeAttachment(meta.name, meta.uid, volume, found.spec.node_name, holds)


def decode_pod(raw: Raw) -> UsingPod:
    """Raises msgspec.DecodeError."""
    found = _pods.decode(raw)
    meta, volumes = found.metadata, found.spec.volumes or ()
    folders = (volume.get("hostPath") or {} for volume in volumes)
    return UsingPod(
        meta.namespace,
        meta.name,
        meta.uid,
        sys.intern(found.spec.node_name),
        sys.intern(_workload(meta)),
        meta.deletion_timestamp is not None,
        found.status.phase in _ENDED,
        tuple(filter(None, (_claim_of(meta.name, volume) for volume in volumes))),
        tuple(filter(None, map(storage_of, volumes))),
        tuple(str(folder["path"]) for folder in folders if "path" in folder),
    )


def _claim_of(pod: str, volume: Mapping[str, Any]) -> str:
    """A pod's own claim has its name from the pod and the volume."""
    if "ephemeral" in volume:
        return f"{pod}-{volume.get('name')}"
    return str((volume.get("persistentVolumeClaim") or {}).get("claimName") or "")


def _workload(meta: _Meta) -> str:
    owners = meta.owner_references or ()
    owner = next((one for one in owners if one.controller), None)
    if owner is None:
        return f"Pod/{meta.name}"
    mark = f"-{(meta.labels or {}).get(TEMPLATE_HASH)}"
    if owner.kind == "ReplicaSet" and owner.name.endswith(mark):
        return f"Deployment/{owner.name.removesuffix(mark)}"
    return f"{owner.kind}/{owner.name}"


def _listed(text: str | None) -> tuple[str, ...] | None:
    """The parts between commas; None without an annotation, and nobody where it is empty."""
    if text is None:
        return None
    return tuple(part for part in map(str.strip, text.split(",")) if part)
