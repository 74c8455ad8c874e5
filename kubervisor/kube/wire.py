"""The fields that Kubervisor reads of API objects, under their names in JSON.

Nothing else of an object is decoded. A field of another type than here makes it unreadable, so each
has the type that the API gives it, and none that the API leaves open is narrowed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kubervisor.traffic import keys

_NULL = msgspec.Raw(b"null")


class _Struct(msgspec.Struct, gc=False, rename="camel"):
    pass


class OwnerReference(_Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = False


class Meta(_Struct):
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


class Notes(_Struct):
    """The annotations of a pod that are ours or the original's; those of others stay unread."""

    ejection_id: str | None = msgspec.field(name=keys.EJECTION_ID, default=None)
    ejected_at: str | None = msgspec.field(name=keys.EJECTED_AT, default=None)
    ejected_until: str | None = msgspec.field(name=keys.EJECTED_UNTIL, default=None)
    reason: str = msgspec.field(name=keys.REASON, default="")
    evidence: str = msgspec.field(name=keys.EVIDENCE, default="")
    epoch: str = msgspec.field(name=keys.EPOCH, default="")
    owner: str = msgspec.field(name=keys.OWNER, default="")
    eject_request: str | None = msgspec.field(name=keys.EJECT_REQUEST, default=None)
    retry_count: str | None = msgspec.field(name=keys.RETRY_COUNT, default=None)
    returned_at: str | None = msgspec.field(name=keys.RETURNED_AT, default=None)
    break_at: str | None = msgspec.field(name=keys.LEGACY_BREAK_AT, default=None)
    break_count: str | None = msgspec.field(name=keys.LEGACY_RETRY_COUNT, default=None)


class PodMeta(_Struct):
    """Labels and owners stay JSON: the pods of a workload have the same, and one decoding does.
    So do annotations, of which `Notes` are read, and all of them only where a watchdog has spoken.
    """

    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = _NULL
    annotations: msgspec.Raw = _NULL
    owner_references: msgspec.Raw = _NULL


class Running(_Struct):
    started_at: str | None = None


class ContainerState(_Struct):
    running: Running | None = None


class ContainerStatus(_Struct):
    state: ContainerState | None = None


class Condition(_Struct):
    type: str = ""
    status: str = ""


class PodStatus(_Struct):
    phase: str = "Pending"
    start_time: str | None = None
    host_ip: str = msgspec.field(name="hostIP", default="")
    pod_ip: str = msgspec.field(name="podIP", default="")
    conditions: list[Condition] | None = None
    container_statuses: list[ContainerStatus] | None = None


class PodSpec(_Struct):
    host_network: bool | None = False


class Pod(_Struct):
    metadata: PodMeta
    spec: PodSpec = msgspec.field(default_factory=PodSpec)
    status: PodStatus = msgspec.field(default_factory=PodStatus)


class ServiceSpec(_Struct):
    selector: dict[str, str] | None = None
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(name="clusterIP", default="")


class Service(_Struct):
    metadata: Meta
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)


class KubervisorService(_Struct):
    metadata: Meta
    # Of any type: an object older than its schema is refused in words, not left out.
    spec: Any = None
    status: msgspec.Raw = _NULL


class LeaseMeta(_Struct):
    name: str = ""
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class LeaseSpec(_Struct):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(_Struct):
    metadata: LeaseMeta
    spec: LeaseSpec = msgspec.field(default_factory=LeaseSpec)


pods = msgspec.json.Decoder(Pod)
labels = msgspec.json.Decoder(dict[str, str] | None)
notes = msgspec.json.Decoder(Notes | None)
all_notes = msgspec.json.Decoder(dict[str, str])
owners = msgspec.json.Decoder(list[OwnerReference] | None)
services = msgspec.json.Decoder(Service)
specs = msgspec.json.Decoder(KubervisorService)
leases = msgspec.json.Decoder(Lease)
