"""What of an operator is on a cluster: found by its labels, and by who wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from kubervisor.errors import NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import decoded
from kubervisor.kube.listing import list_all
from kubervisor.workflow.deploying.parts import NAMESPACE_LABEL
from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL

FIELD_MANAGER = "kubervisor-workflow"
"""Whoever deploys. An object with the labels that somebody else wrote is somebody else's."""

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
KINDS: Mapping[str, str] = {
    "Deployment": paths.BY_KIND["Deployment"],
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "RoleBinding": f"{_RBAC}/rolebindings",
    "ClusterRole": f"{_RBAC}/clusterroles",
    "Role": f"{_RBAC}/roles",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "ConfigMap": "/api/v1/configmaps",
    "Lease": paths.LEASES,
    "CustomResourceDefinition": paths.CRDS,
    "Namespace": paths.NAMESPACES,
}
"""Every kind that deploying has to do with, in the order in which they are removed: first what
runs, then its rights, and last what its resources need.
"""


class Place(NamedTuple):
    """Which object; `namespace` is "" where its kind has none."""

    kind: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        return paths.single(KINDS[self.kind], self.namespace or None, self.name)

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.kind.lower()}/{self.name}{where}"


class Installed(NamedTuple):
    """An object as stored. `operator` is the one that it is labelled for, and `home` that one's
    namespace; they are "" where it has no such label. `is_deployed` says that deploying wrote it.
    """

    place: Place
    uid: str
    version: str
    operator: str
    home: str
    is_deployed: bool


class _Manager(msgspec.Struct, gc=False):
    manager: str = ""


class Meta(msgspec.Struct, gc=False, rename="camel"):
    """Of any object."""

    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    managed_fields: list[_Manager] | None = None


class Stored(msgspec.Struct, gc=False):
    """Any object, of which little is read."""

    metadata: Meta

    def __str__(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"

    def is_managed_by(self, manager: str) -> bool:
        """Whether it has fields that were written under that name."""
        return any(one.manager == manager for one in self.metadata.managed_fields or ())


any_object = msgspec.json.Decoder(Stored)


def place_of(manifest: Json) -> Place:
    """Where a manifest belongs."""
    metadata = manifest["metadata"]
    return Place(manifest["kind"], metadata.get("namespace", ""), metadata["name"])


def find_deployed(api: Api, operator: str) -> tuple[Installed, ...]:
    """All that deploying wrote of an operator, in whichever namespaces, in the order of `KINDS`.

    Raises ApiError.
    """
    return tuple(_find_deployed(api, operator))


def _find_deployed(api: Api, operator: str) -> Iterator[Installed]:
    query = {"labelSelector": f"{OPERATOR_LABEL}={operator}"}
    for kind, path in KINDS.items():
        for stored in list_all(api, path, any_object.decode, query=query):
            found = _installed(kind, stored)
            if found.is_deployed:
                yield found


def look(api: Api, place: Place) -> Installed | None:
    """What is there, whoever wrote it. Raises ApiError."""
    try:
        answer = api.request("GET", place.path)
    except NotFound:
        return None
    return read(place.kind, answer)


def read(kind: str, answer: bytes) -> Installed:
    """The object in an answer of the API server. Raises ApiUnavailable where it is none."""
    return _installed(kind, decoded(KINDS[kind], any_object.decode, answer))


def _installed(kind: str, stored: Stored) -> Installed:
    meta = stored.metadata
    labels = meta.labels or {}
    return Installed(
        place=Place(kind, meta.namespace, meta.name),
        uid=meta.uid,
        version=meta.resource_version,
        operator=labels.get(OPERATOR_LABEL, ""),
        home=labels.get(NAMESPACE_LABEL, ""),
        is_deployed=stored.is_managed_by(FIELD_MANAGER),
    )


def delete(api: Api, one: Installed) -> None:
    """Delete that very object; that it is gone already is well. Raises ApiError, Conflict where
    another has its name by now.
    """
    delete_at(api, one.place.path, one.uid)


def delete_at(api: Api, path: str, uid: str) -> None:
    """Delete what is at `path` where it has that uid, as `delete` does."""
    body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
    try:
        api.request("DELETE", path, body=body)
    except NotFound:
        return
