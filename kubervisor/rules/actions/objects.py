"""What actions read of objects as the API server has them, none of which need be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubervisor.rules.actions.action import Object, Refusal, World
from kubervisor.rules.decision.policy import ObjectRef


def find(world: World, ref: ObjectRef) -> Object | None:
    """That very object as stored now; None where it is gone, or another has its name."""
    found = world.get(ref.kind, ref.namespace, ref.name)
    return found if found is not None and field(found, "metadata", "uid") == ref.uid else None


def gone(ref: ObjectRef) -> Refusal:
    """What to say where `find` finds nothing."""
    message = f"{ref} (uid {ref.uid}) was deleted, or replaced by another of its name"
    return Refusal("ObjectGone", message, is_final=True)


def field(there: Object, *path: str) -> Any:
    """What stands at the end of `path`, None where it ends early.

    >>> field({"spec": {"replicas": 3}}, "spec", "replicas"), field({}, "spec", "replicas")
    (3, None)
    """
    found: Any = there
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def annotation(there: Object, key: str) -> str | None:
    """The value of an annotation."""
    found: str | None = field(there, "metadata", "annotations", key)
    return found


def annotation_path(key: str) -> str:
    """The JSON pointer of an annotation.

    >>> annotation_path("kubervisor.k8s.io/why")
    '/metadata/annotations/kubervisor.k8s.io~1why'
    """
    return f"/metadata/annotations/{key.replace('~', '~0').replace('/', '~1')}"


def is_going(there: Object) -> bool:
    """Whether its deletion has been asked for."""
    return field(there, "metadata", "deletionTimestamp") is not None


def controller_of(there: Object) -> Object | None:
    """The reference to the object that controls it."""
    owners: Iterable[Object] = field(there, "metadata", "ownerReferences") or ()
    return next((one for one in owners if one.get("controller")), None)


def condition(there: Object, kind: str) -> Object | None:
    """Its condition of that type, where it is True."""
    found: Iterable[Object] = field(there, "status", "conditions") or ()
    holds = (one for one in found if one.get("status") == "True")
    return next((one for one in holds if one.get("type") == kind), None)
