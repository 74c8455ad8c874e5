"""What the controller must be allowed to do, and whether it is: asked of the API server itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from kubervisor.kube import failures
from kubervisor.kube.client import Api

AUTOPILOT = "autopilot.libopenstorage.org"
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

DATAROLLOUT = (
    *_rights("", "pods", "get", "list", "watch", "patch"),
    *_rights("kubervisor.k8s.io", "datarollouts", "get", "list", "watch", "create"),
    *_rights("kubervisor.k8s.io", "datarollouts/status", "patch"),
    *_rights("events.k8s.io", "events", "create", "patch"),
)
"""In every namespace whose pods get data, of the account of data rollouts."""

RULES = (
    *_rights(AUTOPILOT, "autopilotrules", "get", "list", "watch"),
    *_rights(AUTOPILOT, "autopilotrules/status", "patch"),
    *_rights(AUTOPILOT, "autopilotruleobjects", "get", "list", "watch", "create", "patch"),
    *_rights(AUTOPILOT, "autopilotruleobjects", "delete"),
    *_rights(AUTOPILOT, "autopilotruleobjects/status", "patch"),
    *_rights(AUTOPILOT, "actionapprovals", "get", "list", "watch", "create", "patch"),
    *_rights(AUTOPILOT, "actionapprovals/status", "patch"),
    *_rights("", "namespaces", "list", "watch"),
    *_rights("events.k8s.io", "events", "create", "patch"),
)
"""Of the account of rules, whatever they may do."""

_CLAIMS = _rights("", "persistentvolumeclaims", "list", "watch")
_PODS = _rights("", "pods", "list", "watch")
_WORKLOADS = (
    *_rights("apps", "deployments", "list", "watch"),
    *_rights("apps", "statefulsets", "list", "watch"),
)

ACTIONS: Mapping[str, tuple[Right, ...]] = {
    "volume/resize": (
        *_CLAIMS,
        *_rights("", "persistentvolumeclaims", "get", "patch"),
        *_rights("storage.k8s.io", "storageclasses", "get"),
    ),
    "volume/tier": (
        *_CLAIMS,
        *_rights("", "persistentvolumeclaims", "get", "patch"),
        *_rights("", "persistentvolumes", "get"),
        *_rights("storage.k8s.io", "volumeattributesclasses", "get"),
    ),
    "volume/move": (
        *_CLAIMS,
        *_rights("", "persistentvolumeclaims", "get", "create", "delete"),
        *_rights("", "persistentvolumes", "get", "patch"),
        *_rights("", "pods", "list"),
        *_rights("", "nodes", "list"),
        *_rights("apps", "deployments", "get", "list", "patch"),
        *_rights("apps", "statefulsets", "get", "list", "patch"),
        *_rights("apps", "replicasets", "get", "list"),
        *_rights("storage.k8s.io", "storageclasses", "get"),
        *_rights("storage.k8s.io", "volumeattachments", "list"),
        *_rights("snapshot.storage.k8s.io", "volumesnapshots", "get", "list", "create"),
    ),
    "workload/scale": (
        *_WORKLOADS,
        *_rights("apps", "deployments", "get"),
        *_rights("apps", "statefulsets", "get"),
        *_rights("apps", "deployments/scale", "patch"),
        *_rights("apps", "statefulsets/scale", "patch"),
        *_rights("autoscaling", "horizontalpodautoscalers", "list"),
    ),
    "pod/evict": (*_PODS, *_rights("", "pods", "get"), *_rights("", "pods/eviction", "create")),
    "pod/eject": (
        *_PODS,
        *_rights("", "pods", "get", "patch"),
        *_rights("kubervisor.k8s.io", "kubervisorservices", "get"),
    ),
    "webhook": (*_CLAIMS, *_PODS, *_WORKLOADS),
    "job": (*_CLAIMS, *_PODS, *_WORKLOADS),
}
"""What is needed besides to take an action, by the end of its name."""

JOBS = _rights("batch", "jobs", "get", "create")
"""In the namespace of the Jobs that rules may start."""

_OF_THE_CLUSTER = frozenset(
    {
        "autopilotrules",
        "namespaces",
        "nodes",
        "persistentvolumes",
        "storageclasses",
        "volumeattachments",
        "volumeattributesclasses",
    }
)


class _Status(msgspec.Struct, gc=False):
    allowed: bool = False


class _Review(msgspec.Struct, gc=False):
    status: _Status = msgspec.field(default_factory=_Status)


_reviews = msgspec.json.Decoder(_Review)


def rights_of_rules(actions: Iterable[str]) -> tuple[tuple[Right, ...], tuple[Right, ...]]:
    """What the account of rules needs to take these actions: first in every namespace that it acts
    in, then on what has no namespace.
    """
    every = dict.fromkeys((*RULES, *(right for one in actions for right in ACTIONS[one])))
    of_cluster = [one for one in every if one.resource.partition("/")[0] in _OF_THE_CLUSTER]
    return tuple(one for one in every if one not in of_cluster), tuple(of_cluster)


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
