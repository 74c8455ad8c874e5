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

from kubervisor import instants
from kubervisor.kube import wire
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
    """A KubervisorService as stored; `spec` and `status` are JSON values, validated elsewhere.

    The status is kept as the JSON that came: few read it, and decoded it is three times as large.
    """

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
    stored_status: bytes

    @property
    def status(self) -> dict[str, Any]:
        """The status, decoded anew for each reader; empty where none is stored."""
        status = msgspec.json.decode(self.stored_status)
        return status if isinstance(status, dict) else {}


def decode_pod(raw: bytes | msgspec.Raw) -> Pod:
    """Return the pod in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    stored = wire.pods.decode(raw)
    meta, status = stored.metadata, stored.status
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
        returned_at=instants.parse(notes.get(keys.RETURNED_AT)),
        created_at=instants.parse(meta.creation_timestamp) or 0.0,
        started_at=_started_at(status),
        owner=_owner(meta),
        labels=_shared(tuple(p for p in labels.items() if not p[0].startswith(keys.PREFIX))),
        node_address=sys.intern(status.host_ip),
        # On the host's network the address is the node's, which is not the pod's alone.
        address="" if stored.spec.host_network else status.pod_ip,
        returned_by_hand=traffic is Traffic.YES and keys.EJECTION_ID in notes,
        epoch_mark=sys.intern(notes.get(keys.EPOCH, "")),
        eject_requested_at=_requested_at(notes),
    )


def decode_service(raw: bytes | msgspec.Raw) -> ServiceRecord:
    """Return the Service in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    stored = wire.services.decode(raw)
    meta, spec = stored.metadata, stored.spec
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
    stored = wire.specs.decode(raw)
    meta = stored.metadata
    return SpecRecord(
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        generation=meta.generation,
        created_at=instants.parse(meta.creation_timestamp) or 0.0,
        deleting=meta.deletion_timestamp is not None,
        finalizers=tuple(meta.finalizers or ()),
        annotations=meta.annotations or {},
        spec=stored.spec if isinstance(stored.spec, dict) else {},
        stored_status=bytes(stored.status),
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
        at=instants.parse(notes.get(keys.EJECTED_AT, notes.get(keys.LEGACY_BREAK_AT))),
        until=instants.parse(notes.get(keys.EJECTED_UNTIL)),
        reason=sys.intern(notes.get(keys.REASON, "")),
        evidence=notes.get(keys.EVIDENCE, ""),
        epoch=_count(notes, keys.EPOCH),
        owner_uid=sys.intern(notes.get(keys.OWNER, "")),
    )


def _requested_at(notes: Mapping[str, str]) -> float | None:
    asked = notes.get(keys.EJECT_REQUEST)
    return None if asked is None else instants.parse(asked) or 0.0


def _count(notes: Mapping[str, str], *names: str) -> int:
    """Return the number under the first of `names` that is there, 0 where none or unreadable."""
    text = next((notes[name] for name in names if name in notes), "0")
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else 0


def _started_at(status: wire.PodStatus) -> float | None:
    running = (c.state.running for c in status.container_statuses or () if c.state)
    starts = (instants.parse(r.started_at) for r in running if r)
    return max((s for s in starts if s is not None), default=instants.parse(status.start_time))


def _owner(meta: wire.Meta) -> Owner | None:
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
