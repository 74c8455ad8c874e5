"""What remediation rules read of the API server, decoded into the few fields that they use."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any

import msgspec

from kubervisor.kube import wire
from kubervisor.kube.records import decode_spec, packed
from kubervisor.kube.unreadable import Raw

RULE_LABEL, OBJECT_LABEL = "rule", "object"
"""Labels of an AutopilotRuleObject; the original's, others select on them."""

REMEMBERED = 8192
_NULL = msgspec.Raw(b"null")

decode_rule = decode_spec
"""An AutopilotRule is read as a KubervisorService is: what its spec and status hold is JSON."""

decode_approval = decode_spec
"""An ActionApproval too."""


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = _NULL
    owner_references: msgspec.Raw = _NULL
    finalizers: list[str] | None = None


class _RuleObject(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Meta
    status: msgspec.Raw = _NULL


class _Requests(msgspec.Struct, gc=False, rename="camel"):
    requests: dict[str, str] | None = None


class _ClaimSpec(msgspec.Struct, gc=False, rename="camel"):
    resources: _Requests = msgspec.field(default_factory=_Requests)
    volume_name: str = ""


class _ClaimStatus(msgspec.Struct, gc=False, rename="camel"):
    capacity: dict[str, str] | None = None


class _Claim(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Meta
    spec: _ClaimSpec = msgspec.field(default_factory=_ClaimSpec)
    status: _ClaimStatus = msgspec.field(default_factory=_ClaimStatus)


class _Labelled(msgspec.Struct, gc=False, rename="camel"):
    metadata: _Meta


_rule_objects = msgspec.json.Decoder(_RuleObject)
_claims = msgspec.json.Decoder(_Claim)
_labelled = msgspec.json.Decoder(_Labelled)
_labels = msgspec.json.Decoder(dict[str, str] | None)


@dataclass(frozen=True, slots=True)
class RuleObjectRecord:
    """An AutopilotRuleObject as stored. `rule` and `object` are its labels, `rule_uid` is that of
    the rule that owns it; each is empty where it is not there.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    rule: str
    object: str
    rule_uid: str
    deleting: bool
    finalizers: tuple[str, ...]
    stored_status: bytes

    @property
    def status(self) -> dict[str, Any]:
        """The status, decoded anew for each reader; empty where none is stored."""
        found = msgspec.json.decode(zlib.decompress(self.stored_status))
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class SeenObject:
    """Something that a rule can be about, as the watch has shown it.

    Of a claim `volume` is the name of its PersistentVolume, `requested` and `capacity` are the
    quantities of storage in its spec and in its status; all are empty where there are none.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str] = field(hash=False)
    deleting: bool = False
    volume: str = ""
    requested: str = ""
    capacity: str = ""


def decode_rule_object(raw: Raw) -> RuleObjectRecord:
    """The AutopilotRuleObject in the JSON of one object. Raises msgspec.DecodeError."""
    stored = _rule_objects.decode(raw)
    meta = stored.metadata
    labels = _shared(bytes(meta.labels))
    owners = wire.owners.decode(meta.owner_references) or ()
    return RuleObjectRecord(
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        rule=labels.get(RULE_LABEL, ""),
        object=labels.get(OBJECT_LABEL, ""),
        rule_uid=next((sys.intern(o.uid) for o in owners if o.kind == "AutopilotRule"), ""),
        deleting=meta.deletion_timestamp is not None,
        finalizers=tuple(meta.finalizers or ()),
        stored_status=packed(bytes(stored.status)),
    )


def decoder_of(kind: str) -> Callable[[Raw], SeenObject]:
    """Reads an object of that kind in the JSON of one object; raises msgspec.DecodeError."""
    return _claim if kind == "PersistentVolumeClaim" else partial(_seen, kind)


def _claim(raw: Raw) -> SeenObject:
    stored = _claims.decode(raw)
    spec, status, meta = stored.spec, stored.status, stored.metadata
    return SeenObject(
        kind="PersistentVolumeClaim",
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        labels=_shared(bytes(meta.labels)),
        deleting=meta.deletion_timestamp is not None,
        volume=spec.volume_name,
        requested=(spec.resources.requests or {}).get("storage", ""),
        capacity=(status.capacity or {}).get("storage", ""),
    )


def _seen(kind: str, raw: Raw) -> SeenObject:
    meta = _labelled.decode(raw).metadata
    return SeenObject(
        kind=kind,
        namespace=sys.intern(meta.namespace),
        name=meta.name,
        uid=meta.uid,
        labels=_shared(bytes(meta.labels)),
        deleting=meta.deletion_timestamp is not None,
    )


@lru_cache(maxsize=REMEMBERED)
def _shared(raw: bytes) -> Mapping[str, str]:
    """One read-only mapping for equal labels."""
    found = _labels.decode(raw) or {}
    return MappingProxyType({sys.intern(key): sys.intern(value) for key, value in found.items()})
