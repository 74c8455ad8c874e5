"""API objects decoded into the few fields that Kubervisor uses; the rest is skipped unread.

A pod costs half a kilobyte instead of tens of kilobytes: what the pods of a workload have in common
(labels, owner, instants) is decoded once and held once.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from kubervisor import instants
from kubervisor.kube import wire
from kubervisor.kube.untracked import untracked
from kubervisor.kube.watch_events import EventType, WatchEvent
from kubervisor.kube.watchdog_notes import read_watchdogs
from kubervisor.traffic import keys
from kubervisor.traffic.model import Ejection, Owner, Pod, PodUid, Traffic
from kubervisor.traffic.watchdogs import WatchdogStatus

REMEMBERED = 8192
"""Workloads whose labels and owner are known by their JSON. Pods of a StatefulSet each have labels
of their own: these push one another out, and cost what they would cost anyway.
"""

_NO_NOTES = wire.Notes()
_MARK = b".autocrane.io/"
"""What no pod without watchdogs has among its annotations."""


class _PodEvent(msgspec.Struct, gc=False):
    type: EventType
    object: wire.Pod


_pod_events = msgspec.json.Decoder(_PodEvent)


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

    The status is kept as the JSON that came, packed: few read it, and decoded it is fifteen times
    as large.
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
        status = msgspec.json.decode(self.status_json)
        return status if isinstance(status, dict) else {}

    @property
    def status_json(self) -> bytes:
        """The status as it came."""
        return zlib.decompress(self.stored_status)


def decode_pod(raw: bytes | msgspec.Raw) -> Pod:
    """Return the pod in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    return untracked(_pod(wire.pods.decode(raw)))


def decode_pod_event(line: bytes) -> WatchEvent[Pod]:
    """Return what a line of a watch tells of a pod. Raises: msgspec.DecodeError for all others."""
    told = _pod_events.decode(line)
    pod = untracked(_pod(told.object))
    return WatchEvent(told.type, pod, pod.version)


def _pod(stored: wire.Pod) -> Pod:
    meta, status = stored.metadata, stored.status
    written = bytes(meta.annotations)
    notes = wire.notes.decode(written) or _NO_NOTES
    labelled = _labelled(bytes(meta.labels))
    traffic = labelled.traffic
    is_out = traffic is Traffic.NO or traffic is Traffic.PAUSE
    return Pod(
        uid=PodUid(meta.uid),
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        version=meta.resource_version,
        phase=sys.intern(status.phase),
        ready=_is_ready(status),
        deleting=meta.deletion_timestamp is not None,
        traffic=traffic,
        claimed_by=labelled.claimed_by,
        ejection=_ejection(labelled.strategy, notes) if is_out else None,
        retries=_count(_first(notes.retry_count, notes.break_count)),
        returned_at=instants.parse(notes.returned_at),
        created_at=instants.parse(meta.creation_timestamp) or 0.0,
        started_at=_started_at(status),
        owner=_owner(bytes(meta.owner_references)),
        labels=labelled.others,
        node_address=sys.intern(status.host_ip),
        # On the host's network the address is the node's, which is not the pod's alone.
        address="" if stored.spec.host_network else status.pod_ip,
        returned_by_hand=traffic is Traffic.YES and notes.ejection_id is not None,
        epoch_mark=sys.intern(notes.epoch),
        eject_requested_at=_requested_at(notes),
        watchdogs=_watchdogs(written) if _MARK in written else (),
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
        stored_status=packed(bytes(stored.status)),
    )


def packed(status: bytes) -> bytes:
    """The JSON of a status as a record keeps it: a fifth of its size."""
    return zlib.compress(status, 1)


def own_labels(pod: Pod) -> dict[str, str]:
    """Return the `kubervisor/` labels of `pod`, which `pod.labels` leaves out."""
    strategy = pod.ejection.breaker if pod.ejection else ""
    own = {keys.TRAFFIC: pod.traffic, keys.NAME: pod.claimed_by, keys.STRATEGY: strategy}
    return {key: str(value) for key, value in own.items() if value}


class _Labelled(NamedTuple):
    """What the labels of a pod say; `others` are those that are not ours."""

    traffic: Traffic | None
    claimed_by: str | None
    strategy: str | None
    others: Mapping[str, str]


@lru_cache(maxsize=REMEMBERED)
def _labelled(raw: bytes) -> _Labelled:
    labels = wire.labels.decode(raw) or {}
    value, name = labels.get(keys.TRAFFIC), labels.get(keys.NAME)
    return _Labelled(
        traffic=Traffic(value) if value in ("yes", "no", "pause") else None,
        claimed_by=None if name is None else sys.intern(name),
        strategy=labels.get(keys.STRATEGY),
        others=_shared(tuple(p for p in labels.items() if not p[0].startswith(keys.PREFIX))),
    )


@lru_cache(maxsize=REMEMBERED)
def _owner(raw: bytes) -> Owner | None:
    references = wire.owners.decode(raw) or ()
    return next(
        (Owner(sys.intern(r.kind), r.name, r.uid) for r in references if r.controller), None
    )


@lru_cache(maxsize=REMEMBERED)
def _shared(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """One read-only mapping for equal labels, whatever ours say beside them."""
    return MappingProxyType({sys.intern(key): sys.intern(value) for key, value in pairs})


def _is_ready(status: wire.PodStatus) -> bool:
    for condition in status.conditions or ():
        if condition.type == "Ready" and condition.status == "True":
            return True
    return False


def _started_at(status: wire.PodStatus) -> float | None:
    latest = None
    for container in status.container_statuses or ():
        running = container.state.running if container.state else None
        started = instants.parse(running.started_at) if running else None
        if started is not None and (latest is None or started > latest):
            latest = started
    return instants.parse(status.start_time) if latest is None else latest


def _ejection(strategy: str | None, notes: wire.Notes) -> Ejection | None:
    """None where nothing of ours is on the pod: a person took it out by hand."""
    at = _first(notes.ejected_at, notes.break_at)
    if strategy is None and notes.ejection_id is None and at is None:
        return None
    return Ejection(
        id=notes.ejection_id or "",
        breaker=sys.intern(strategy or ""),
        at=instants.parse(at),
        until=instants.parse(notes.ejected_until),
        reason=sys.intern(notes.reason),
        evidence=notes.evidence,
        epoch=_count(notes.epoch),
        owner_uid=sys.intern(notes.owner),
    )


def _watchdogs(written: bytes) -> tuple[WatchdogStatus, ...]:
    return read_watchdogs(wire.all_notes.decode(written))


def _requested_at(notes: wire.Notes) -> float | None:
    asked = notes.eject_request
    return None if asked is None else instants.parse(asked) or 0.0


def _first(ours: str | None, originals: str | None) -> str | None:
    """Ours where it is there, readable or not."""
    return originals if ours is None else ours


def _count(text: str | None) -> int:
    """The number that `text` is, 0 where it is none or absurdly large."""
    if not text or len(text) > 9 or not text.isascii() or not text.isdigit():
        return 0
    return int(text)
