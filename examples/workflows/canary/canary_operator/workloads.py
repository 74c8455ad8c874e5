"""The three Deployments of a canary.

The target is the user's, who gives it new versions; nothing runs there. The primary serves, and the
trial is the version that is tried. Both have the target's pods, with a label that tells them apart.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum

from kubervisor.workflow import Json, Object, OnlyFields

from canary_operator.phases import CanaryDeployment

LABEL = "canary"
_OWN = ("replicas", "selector", "template", "paused")


class Role(StrEnum):
    """What a Deployment of ours is for: the value of the label."""

    PRIMARY = "false"
    TRIAL = "true"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the three, and of their Services."""

    target: str
    primary: str
    trial: str


def names_of(canary: CanaryDeployment) -> Names:
    target = canary.spec.deployment or canary.name
    return Names(target, f"{target}-primary", f"{target}-canary")


def deployment(canary: CanaryDeployment, like: Object, role: Role, replicas: int) -> Json:
    """The primary or the trial, with the pods of the Deployment `like`.

    Raises ValueError where that selects its pods by expressions.
    """
    names = names_of(canary)
    template = deepcopy(like.spec["template"])
    template["metadata"] = metadata = template.get("metadata") or {}
    metadata.pop("creationTimestamp", None)
    metadata["labels"] = (metadata.get("labels") or {}) | {LABEL: role.value}
    kept = {name: deepcopy(value) for name, value in like.spec.items() if name not in _OWN}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": names.primary if role is Role.PRIMARY else names.trial},
        "spec": {
            **kept,
            "replicas": replicas,
            "selector": {"matchLabels": matched(like) | {LABEL: role.value}},
            "template": template,
        },
    }


def empty(canary: CanaryDeployment) -> OnlyFields:
    """The target without pods."""
    return with_replicas(canary, 0)


def with_replicas(canary: CanaryDeployment, replicas: int) -> OnlyFields:
    """The target with so many pods."""
    return OnlyFields(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": names_of(canary).target},
            "spec": {"replicas": replicas},
        }
    )


def size_of(target: Object | None, primary: Object | None) -> int:
    """How many pods serve: as many as somebody has given to the target, else to the primary."""
    for one in (target, primary):
        if one is not None and one.spec.get("replicas", 1):
            return int(one.spec.get("replicas", 1))
    return 1


def matched(one: Object) -> dict[str, str]:
    """The labels by which a Deployment selects its pods. Raises ValueError."""
    selector = one.spec["selector"]
    if selector.get("matchExpressions"):
        raise ValueError(
            f"the Deployment {one.name} selects its pods by expressions, not by labels"
        )
    return {key: value for key, value in selector["matchLabels"].items() if key != LABEL}


def same_pods(one: Object, other: Object) -> bool:
    """Whether two Deployments have the same version."""
    return _bare(one) == _bare(other)


def _bare(one: Object) -> Json:
    template: Json = deepcopy(one.spec["template"])
    metadata = template.pop("metadata", None) or {}
    labels = {key: text for key, text in (metadata.get("labels") or {}).items() if key != LABEL}
    template["metadata"] = {"labels": labels, "annotations": metadata.get("annotations") or {}}
    return template


def is_available(one: Object) -> bool:
    """Whether all of its pods have its version and serve, one at least."""
    wanted, status = one.spec.get("replicas", 1), one.status
    seen = status.get("observedGeneration", 0) >= one.body["metadata"].get("generation", 0)
    counts = {status.get(of, 0) for of in ("replicas", "updatedReplicas", "availableReplicas")}
    return wanted > 0 and seen and counts == {wanted}


def why_stuck(one: Object) -> str:
    """What keeps its pods from being there, once it was given up; "" before."""
    seen = one.status.get("observedGeneration", 0) >= one.body["metadata"].get("generation", 0)
    for condition in one.status.get("conditions") or ():
        if seen and condition["type"] == "Progressing" and condition["status"] == "False":
            return str(condition.get("message") or condition.get("reason"))
    return ""
