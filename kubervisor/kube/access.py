"""What the controller must be allowed to do, and whether it is: asked of the API server itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.client import Api

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource, or on its subresource such as `pods/eviction`."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def _rights(group: str, resource: str, *verbs: str) -> tuple[Right, ...]:
    return tuple(Right(verb, group, resource) for verb in verbs)


TRAFFIC = (
    *_rights("", "pods", "get", "list", "watch", "patch"),
    *_rights("", "services", "list", "watch"),
    *_rights("kubervisor.k8s.io", "kubervisorservices", "get", "list", "watch", "patch"),
    *_rights("kubervisor.k8s.io", "kubervisorservices/status", "patch"),
    *_rights("events.k8s.io", "events", "create", "patch"),
)
"""In every namespace that it guards."""

LEASE = _rights("coordination.k8s.io", "leases", "get", "create", "patch")
"""In the namespace of its Lease."""

TERMINATION = (*_rights("", "pods/eviction", "create"), *_rights("", "pods", "delete"))
"""In every namespace that it guards, of the account that ends pods."""

WATCHDOG = (
    *_rights("", "pods", "list", "watch", "patch"),
    *_rights("events.k8s.io", "events", "create", "patch"),
)
"""In every namespace whose pods are probed, of the account of watchdogs."""

EVICTION = (
    *_rights("", "pods", "get"),
    *_rights("", "pods/eviction", "create"),
    *_rights("events.k8s.io", "events", "list"),
)
"""The same, where it evicts."""


class _Status(msgspec.Struct, gc=False):
    allowed: bool = False


class _Review(msgspec.Struct, gc=False):
    status: _Status = msgspec.field(default_factory=_Status)


_reviews = msgspec.json.Decoder(_Review)


def missing(api: Api, rights: tuple[Right, ...], namespace: str = "") -> Iterator[Right]:
    """Yield those of `rights` that the account of `api` lacks in `namespace`, "" for all of them.

    Raises: ApiError.
    """
    for right in rights:
        resource, _, subresource = right.resource.partition("/")
        asked = {"verb": right.verb, "group": right.group, "resource": resource}
        asked |= {"subresource": subresource, "namespace": namespace}
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = api.request("POST", REVIEWS, body=body)
        if not failures.decoded(REVIEWS, _reviews.decode, answer).status.allowed:
            yield right
