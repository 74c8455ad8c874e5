"""API objects decoded into the few fields that Kubervisor uses; the rest is skipped unread.

A pod costs some hundred bytes instead of tens of kilobytes, because strings are interned and equal
label mappings are one object.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from kubervisor.kube import timestamps
from kubervisor.traffic import keys
from kubervisor.traffic.model import Ejection, Owner, Pod, PodUid, Traffic

_EJECTION_MARKS = (keys.EJECTION_ID, keys.EJECTED_AT, keys.LEGACY_BREAK_AT)
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A Service: what it selects and whether traffic of ours can be steered with it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    selector: Mapping[str, str] = field(hash=False)
    type: str
    cluster_ip: str
    deleting: bool


@dataclass(frozen=True, slots=True)
class SpecRecord:
    """A KubervisorService as stored; `spec` and `status` are JSON values, validated elsewhere."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created_at: float
    deleting: bool
    finalizers: tuple[str, ...]
    annotations: Mapping[str, str] = field(hash=False)
    spec: dict[str, Any] = field(hash=False)
    status: dict[str, Any] = field(hash=False)


class _Struct(msgspec.Struct, gc=False, rename="camel"):
    pass


class _OwnerReference(_Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = False


class _Meta(_Struct):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    owner_references: list[_OwnerReference] | None = None


class _Running(_Struct):
    started_at: str | None = None


class _ContainerState(_Struct):
    running: _Running | None = None


class _ContainerStatus(_Struct):
    state: _ContainerState | None = None


class _Condition(_Struct):
    type: str = ""
    status: str = ""


class _PodStatus(_Struct):
    phase: str = "Pending"
    start_time: str | None = None
    host_ip: str = msgspec.field(name="hostIP", default="")
    pod_ip: str = msgspec.field(name="podIP", default="")
    conditions: list[_Condition] | None = None
    container_statuses: list[_ContainerStatus] | None = None


class _PodSpec(_Struct):
    host_network: bool | None = False


class _Pod(_Struct):
    metadata: _Meta
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class _ServiceSpec(_Struct):
    selector: dict[str, str] | None = None
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(name="clusterIP", default="")


class _Service(_Struct):
    metadata: _Meta
    spec: _ServiceSpec = msgspec.field(default_factory=_ServiceSpec)


class _KubervisorService(_Struct):
    metadata: _Meta
    # Of any type: an object older than its schema must not end the watch of all the others.
    spec: Any = None
    status: Any = None


_pods = msgspec.json.Decoder(_Pod)
_services = msgspec.json.Decoder(_Service)
_specs = msgspec.json.Decoder(_KubervisorService)


def decode_pod(raw: bytes | msgspec.Raw) -> Pod:
    """Return the pod in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    wire = _pods.decode(raw)
    meta, status = wire.metadata, wire.status
    labels, notes = meta.labels or _NOTHING, meta.annotations or _NOTHING
    traffic = _traffic(labels.get(keys.TRAFFIC))
    return Pod(
        uid=PodUid(meta.uid),
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        version=meta.resource_version,
        phase=sys.intern(status.phase),
        ready=any(c.type == "Ready" and c.status == "True" for c in status.conditions or ()),
        deleting=meta.deletion_timestamp is not None,
        traffic=traffic,
        claimed_by=_interned(labels.get(keys.NAME)),
        ejection=_ejection(labels, notes) if traffic in (Traffic.NO, Traffic.PAUSE) else None,
        retries=_count(notes, keys.RETRY_COUNT, keys.LEGACY_RETRY_COUNT),
        returned_at=timestamps.parse(notes.get(keys.RETURNED_AT)),
        created_at=timestamps.parse(meta.creation_timestamp) or 0.0,
        started_at=_started_at(status),
        owner=_owner(meta),
        labels=_shared(tuple(p for p in labels.items() if not p[0].startswith(keys.PREFIX))),
        node_address=sys.intern(status.host_ip),
        # On the host's network the address is the node's, which is not the pod's alone.
        address="" if wire.spec.host_network else status.pod_ip,
        returned_by_hand=traffic is Traffic.YES and keys.EJECTION_ID in notes,
        epoch_mark=sys.intern(notes.get(keys.EPOCH, "")),
        eject_requested_at=_requested_at(notes),
    )


def decode_service(raw: bytes | msgspec.Raw) -> ServiceRecord:
    """Return the Service in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    wire = _services.decode(raw)
    meta, spec = wire.metadata, wire.spec
    return ServiceRecord(
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        selector=_shared(tuple((spec.selector or {}).items())),
        type=sys.intern(spec.type),
        cluster_ip=spec.cluster_ip,
        deleting=meta.deletion_timestamp is not None,
    )


def decode_spec(raw: bytes | msgspec.Raw) -> SpecRecord:
    """Return the KubervisorService in `raw`, one object's JSON. Raises: msgspec.DecodeError."""
    wire = _specs.decode(raw)
    meta = wire.metadata
    return SpecRecord(
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        generation=meta.generation,
        created_at=timestamps.parse(meta.creation_timestamp) or 0.0,
        deleting=meta.deletion_timestamp is not None,
        finalizers=tuple(meta.finalizers or ()),
        annotations=meta.annotations or {},
        spec=wire.spec if isinstance(wire.spec, dict) else {},
        status=wire.status if isinstance(wire.status, dict) else {},
    )


def own_labels(pod: Pod) -> dict[str, str]:
    """Return the `kubervisor/` labels of `pod`, which `pod.labels` leaves out."""
    strategy = pod.ejection.breaker if pod.ejection else ""
    own = {keys.TRAFFIC: pod.traffic, keys.NAME: pod.claimed_by, keys.STRATEGY: strategy}
    return {key: str(value) for key, value in own.items() if value}


def _traffic(value: str | None) -> Traffic | None:
    return Traffic(value) if value in ("yes", "no", "pause") else None


def _ejection(labels: Mapping[str, str], notes: Mapping[str, str]) -> Ejection | None:
    """None where nothing of ours is on the pod: a person took it out by hand."""
    if keys.STRATEGY not in labels and not any(mark in notes for mark in _EJECTION_MARKS):
        return None
    return Ejection(
        id=notes.get(keys.EJECTION_ID, ""),
        breaker=sys.intern(labels.get(keys.STRATEGY, "")),
        at=timestamps.parse(notes.get(keys.EJECTED_AT, notes.get(keys.LEGACY_BREAK_AT))),
        until=timestamps.parse(notes.get(keys.EJECTED_UNTIL)),
        reason=sys.intern(notes.get(keys.REASON, "")),
        evidence=notes.get(keys.EVIDENCE, ""),
        epoch=_count(notes, keys.EPOCH),
        owner_uid=sys.intern(notes.get(keys.OWNER, "")),
    )


def _requested_at(notes: Mapping[str, str]) -> float | None:
    asked = notes.get(keys.EJECT_REQUEST)
    return None if asked is None else timestamps.parse(asked) or 0.0


def _count(notes: Mapping[str, str], *names: str) -> int:
    """Return the number under the first of `names` that is there, 0 where none or unreadable."""
    text = next((notes[name] for name in names if name in notes), "0")
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else 0


def _started_at(status: _PodStatus) -> float | None:
    running = (c.state.running for c in status.container_statuses or () if c.state)
    starts = (timestamps.parse(r.started_at) for r in running if r)
    return max((s for s in starts if s is not None), default=timestamps.parse(status.start_time))


def _owner(meta: _Meta) -> Owner | None:
    references = meta.owner_references or ()
    return next((_shared_owner(r.kind, r.name, r.uid) for r in references if r.controller), None)


def _interned(text: str | None) -> str | None:
    return None if text is None else sys.intern(text)


@lru_cache(maxsize=2048)
def _shared_owner(kind: str, name: str, uid: str) -> Owner:
    return Owner(sys.intern(kind), name, uid)


@lru_cache(maxsize=2048)
def _shared(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One read-only mapping for equal labels; bounded, as some pods have labels of their own."""
    return MappingProxyType({sys.intern(key): sys.intern(value) for key, value in pairs})
