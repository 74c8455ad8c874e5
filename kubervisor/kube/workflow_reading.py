"""Kinds of workflows and their objects for those who look: LISTed when somebody asks.

Operators of workflows are programs of their own; here nothing is watched, and an object of which
only the name can be read is there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kubervisor.kube import paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.conditions import Condition
from kubervisor.kube.failures import UNREADABLE
from kubervisor.kube.listing import list_all

OPERATOR_LABEL = "workflow.kubervisor.k8s.io/operator"
"""On the definition of a kind: the name of the operator that looks after its objects."""
PHASES_ANNOTATION = "workflow.kubervisor.k8s.io/phases"
"""On it too: the phases as JSON, in the order of the project."""


class _Part(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Part of an object as stored; what else is in it is not decoded."""


class Phase(_Part):
    """What a kind says of a phase: `next` may follow (empty: any), `timeout` is in seconds."""

    name: str
    final: bool = False
    next: list[str] = []
    timeout: float | None = None
    on_timeout: str = ""


class Kind(_Part):
    """A kind of workflow; without `phases` where its definition does not tell them."""

    kind: str
    group: str
    version: str
    plural: str
    operator: str
    phases: tuple[Phase, ...]

    @property
    def path(self) -> str:
        """Where its objects are."""
        return f"/apis/{self.group}/{self.version}/{self.plural}"


class Passed(_Part):
    """A phase that the object came to."""

    phase: str = ""
    since: str | None = None
    message: str = ""


class Status(_Part):
    """What the scheduler of phases said last."""

    phase: str = ""
    observed_generation: int = 0
    phase_since: str | None = None
    phase_failures: int = 0
    phase_message: str = ""
    phase_history: list[Passed] = []
    conditions: list[Condition] = []

    def condition(self, kind: str) -> Condition | None:
        """A condition, None where the operator has not written it."""
        return next((one for one in self.conditions if one.type == kind), None)


class Workflow(_Part):
    """An object of a kind of workflow. `says` is what its workers wrote into the status, and
    `readable` is False where nothing but its name could be read.
    """

    namespace: str
    name: str
    generation: int
    created_at: str | None
    deleting: bool
    status: Status
    says: dict[str, Any]
    readable: bool = True


class _Names(_Part):
    kind: str
    plural: str


class _Version(_Part):
    name: str
    served: bool = False


class _Spec(_Part):
    group: str
    names: _Names
    versions: list[_Version]


class _Definition(_Part):
    metadata: wire.Meta
    spec: _Spec


class _Object(_Part):
    metadata: wire.Meta
    status: msgspec.Raw = msgspec.Raw(b"{}")


_definitions = msgspec.json.Decoder(_Definition)
_phases = msgspec.json.Decoder(tuple[Phase, ...])
_objects = msgspec.json.Decoder(_Object)
_statuses = msgspec.json.Decoder(Status)
_fields = msgspec.json.Decoder(dict[str, Any])
_OWN = frozenset(field.encode_name for field in msgspec.structs.fields(Status))


def list_kinds(api: Api, *, timeout: float = 10.0) -> Iterator[Kind]:
    """Yield the kinds of workflows by the names of their definitions.

    `timeout` (seconds) is that of each page, here and below. Raises ApiError: Forbidden where the
    account may not list definitions.
    """
    return list_all(
        api, paths.CRDS, _kind, query={"labelSelector": OPERATOR_LABEL}, timeout=timeout
    )


def list_workflows(
    api: Api, kind: Kind, namespace: str | None = None, *, timeout: float = 10.0
) -> Iterator[Workflow]:
    """Yield the objects of a kind in a namespace, or in all, by namespace and name.

    Raises ApiError: NotFound where the kind is not served (any more), Forbidden where the account
    may not list it.
    """
    return list_all(api, paths.collection(kind.path, namespace), _workflow, timeout=timeout)


def _kind(text: bytes | msgspec.Raw) -> Kind:
    found = _definitions.decode(text)
    meta, spec = found.metadata, found.spec
    served = [one.name for one in spec.versions if one.served]
    return Kind(
        kind=spec.names.kind,
        group=spec.group,
        version=served[0] if served else spec.versions[0].name,
        plural=spec.names.plural,
        operator=(meta.labels or {}).get(OPERATOR_LABEL, ""),
        phases=_phases_of((meta.annotations or {}).get(PHASES_ANNOTATION, "")),
    )


def _phases_of(text: str) -> tuple[Phase, ...]:
    try:
        return _phases.decode(text)
    except UNREADABLE:
        return ()


def _workflow(text: bytes | msgspec.Raw) -> Workflow:
    found = _objects.decode(text)
    meta, status, says, readable = found.metadata, Status(), dict[str, Any](), True
    try:
        status, says = _statuses.decode(found.status), _fields.decode(found.status)
    except UNREADABLE:
        readable = False
    return Workflow(
        namespace=meta.namespace,
        name=meta.name,
        generation=meta.generation,
        created_at=meta.creation_timestamp,
        deleting=meta.deletion_timestamp is not None,
        status=status,
        says={name: value for name, value in says.items() if name not in _OWN},
        readable=readable,
    )
