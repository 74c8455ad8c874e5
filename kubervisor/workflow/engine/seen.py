"""Objects of any kind as the watches show them: who each is, and its JSON for those who read it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import msgspec

from kubervisor.kube.unreadable import Raw
from kubervisor.workflow.objects import Json, Object
from kubervisor.workflow.project.model import Parameter
from kubervisor.workflow.scheduler.inventory import OWNER_LABEL, Ref

REMEMBERED = 8192
_NULL = msgspec.Raw(b"null")


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = _NULL


class _Named(msgspec.Struct, gc=False):
    metadata: _Meta


_named = msgspec.json.Decoder(_Named)
_parts = msgspec.json.Decoder(dict[str, msgspec.Raw])
_labels = msgspec.json.Decoder(dict[str, str] | None)


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as stored. `owner` is the uid of the resource that has it for an output, "" where
    none has. `substance` is another where anything changed but its status; `stored` is its JSON
    without the bookkeeping of fields, empty where nobody reads it.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str
    labels: Mapping[str, str] = field(hash=False)
    deleting: bool
    substance: int
    stored: bytes

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.namespace, self.name)

    @property
    def owner(self) -> str:
        return self.labels.get(OWNER_LABEL, "")

    @property
    def version(self) -> int:
        """Grows with each change of any object of its kind; 0 where the server counts otherwise."""
        return int(self.resource_version) if self.resource_version.isdigit() else 0

    @property
    def body(self) -> Json:
        """All of it, decoded anew for each reader."""
        body: Json = msgspec.json.decode(self.stored)
        return body

    @property
    def object(self) -> Object:
        """It as workers read it."""
        return Object(self.body)


def decoder_of(parameter: Parameter, *, is_read: bool) -> Callable[[Raw], Seen]:
    """Reads an object of that kind in its JSON, all of it or only who it is.

    What it returns raises msgspec.DecodeError.
    """
    kind = sys.intern(parameter.lower_name)
    # The items of a LIST do not say what they are.
    said = {
        "apiVersion": msgspec.Raw(msgspec.json.encode(parameter.api_version)),
        "kind": msgspec.Raw(msgspec.json.encode(parameter.kind)),
    }

    def decode(raw: Raw) -> Seen:
        meta = _named.decode(raw).metadata
        parts = _parts.decode(raw)
        fields = _parts.decode(parts["metadata"])
        fields.pop("managedFields", None)
        whole = {**parts, **said, "metadata": msgspec.Raw(msgspec.json.encode(fields))}
        return Seen(
            kind=kind,
            namespace=sys.intern(meta.namespace),
            name=meta.name,
            uid=meta.uid,
            resource_version=meta.resource_version,
            labels=_shared(bytes(meta.labels)),
            deleting=meta.deletion_timestamp is not None,
            substance=_substance(whole, fields),
            stored=msgspec.json.encode(whole) if is_read else b"",
        )

    return decode


def _substance(whole: dict[str, msgspec.Raw], fields: dict[str, msgspec.Raw]) -> int:
    left_out = ("resourceVersion", "generation")
    meta = {name: value for name, value in fields.items() if name not in left_out}
    parts = {name: value for name, value in whole.items() if name not in ("status", "metadata")}
    return hash(msgspec.json.encode((meta, parts)))


@lru_cache(maxsize=REMEMBERED)
def _shared(raw: bytes) -> Mapping[str, str]:
    """One read-only mapping for equal labels."""
    found = _labels.decode(raw) or {}
    return MappingProxyType({sys.intern(key): sys.intern(value) for key, value in found.items()})
