"""The cluster as a trial has it: objects from files or a real cluster, and what would be changed.

Changes stay here. What a provider, a scheduler or a controller would do is done at once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubervisor.rules.actions.action import Change, Object, Patch, World
from kubervisor.rules.actions.objects import field
from kubervisor.rules.decision.policy import ObjectKind

ASSUMED_CLASS = "assumed"
"""The StorageClass of claims that nobody has an object of."""
_CLUSTER_WIDE = frozenset(
    {"Namespace", "PersistentVolume", "StorageClass", "VolumeAttributesClass", "VolumeAttachment"}
)
Key = tuple[str, str, str]
"""Kind, namespace and name."""


class TrialWorld:
    """A `World` of `objects`; what is not among them is asked of `beyond`, where there is one.

    Without one, every StorageClass is taken for one whose claims grow: `assumed` names those.
    """

    def __init__(self, objects: Iterable[Object], beyond: World | None = None) -> None:
        self._objects = {_key(one): _completed(one) for one in objects}
        self._beyond = beyond
        self.assumed: set[str] = set()

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object as it would be. Raises ApiError."""
        found = self._objects.get((kind, namespace, name))
        if found is not None or self._beyond is not None:
            return (
                found if self._beyond is None else found or self._beyond.get(kind, namespace, name)
            )
        if kind != "StorageClass":
            return None
        self.assumed.add(name)
        meta = {"name": name, "uid": name}
        return {
            "kind": kind,
            "metadata": meta,
            "provisioner": ASSUMED_CLASS,
            "allowVolumeExpansion": True,
        }

    def list(self, kind: str, namespace: str, selector: str = "") -> Sequence[Object]:
        """The objects of a kind. Raises ApiError."""
        beyond = self._beyond.list(kind, namespace, selector) if self._beyond else ()
        found = {_key(one): one for one in beyond if _key(one) not in self._objects}
        found |= {
            key: one
            for key, one in self._objects.items()
            if key[0] == kind and namespace in ("", key[1]) and _selects(selector, one)
        }
        return list(found.values())

    def put(self, one: Object) -> None:
        """Have it there, instead of another of its name."""
        self._objects[_key(one)] = _completed(one)

    def apply(self, patch: Patch) -> bool:
        """Change what the patch changes; False where it is not an object's own fields."""
        ref = patch.target
        found = self.get(ref.kind, ref.namespace, ref.name)
        if found is None:
            return False
        changed = copy.deepcopy(dict(found))
        for change in patch.changes:
            _write(changed, change)
        self.put(_settled(changed))
        return True


def _settled(one: dict[str, Any]) -> Object:
    """The object once those who look after it have done what it asks for."""
    if one.get("kind") == ObjectKind.CLAIM:
        asked = field(one, "spec", "resources", "requests", "storage")
        status = one.setdefault("status", {})
        status.setdefault("capacity", {})["storage"] = asked
        wanted = field(one, "spec", "volumeAttributesClassName")
        if wanted is not None:
            status["currentVolumeAttributesClassName"] = wanted
    elif "replicas" in (one.get("spec") or {}):
        count = one["spec"]["replicas"]
        one.setdefault("status", {}).update(replicas=count, readyReplicas=count)
    return one


def _completed(one: Object) -> Object:
    """An object as a cluster would have it: manifests have neither uid nor status."""
    meta = {**_mapping(one.get("metadata"))}
    meta.setdefault("uid", "-".join(part for part in _key(one) if part).lower())
    if one.get("kind") not in _CLUSTER_WIDE:
        meta.setdefault("namespace", "default")
    found: dict[str, Any] = {**one, "metadata": meta}
    if one.get("kind") == ObjectKind.CLAIM and not one.get("status"):
        asked = field(one, "spec", "resources", "requests", "storage")
        found["status"] = {"phase": "Bound", "capacity": {"storage": asked}}
        found["spec"] = {"volumeName": f"pv-{meta.get('name')}", **_mapping(one.get("spec"))}
        found["spec"].setdefault("storageClassName", ASSUMED_CLASS)
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _key(one: Object) -> Key:
    kind, meta = str(one.get("kind", "")), _mapping(one.get("metadata"))
    namespace = "" if kind in _CLUSTER_WIDE else str(meta.get("namespace") or "default")
    return kind, namespace, str(meta.get("name", ""))


def _selects(selector: str, one: Object) -> bool:
    """Whether a selector of equalities chooses it, as those of actions are."""
    labels = _mapping(field(one, "metadata", "labels"))
    pairs = (part.partition("=") for part in selector.split(",") if part)
    return all(labels.get(key.strip()) == value.strip("= ") for key, _, value in pairs)


def _write(there: dict[str, Any], change: Change) -> None:
    *parents, last = (
        part.replace("~1", "/").replace("~0", "~") for part in change.path[1:].split("/")
    )
    place: Any = there
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    if isinstance(place, list):
        place[int(last)] = change.new
    elif change.new is None:
        place.pop(last, None)
    else:
        place[last] = change.new
