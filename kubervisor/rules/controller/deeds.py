"""Does one deed: a write with all that must still be so as its preconditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Protocol

import msgspec

from kubervisor.errors import Conflict, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.kube.podwrites import WRITE_SECONDS
from kubervisor.kube.rule_writer import FIELD_MANAGER
from kubervisor.rules.actions.action import Call, Change, Create, Deed, Delete, Evict, Patch
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.traffic.keys import EVICTION

Steps = list[dict[str, object]]
_QUERY = {"fieldManager": FIELD_MANAGER}


class Calls(Protocol):
    """Who calls webhooks; raises SourceError."""

    def call(self, url: str, body: Mapping[str, Any], key: str) -> None: ...


class Deeds:
    """Does deeds while `may_write` lets it; that raises LeadershipLost and is asked before each.

    Raises: Conflict where an object is no longer as it must be, and nothing was done; Throttled
    where a PodDisruptionBudget refuses; ApiUnavailable where nobody knows whether it was done;
    LeadershipLost; the rest of the ApiError tree; SourceError where a webhook was not called, or
    nobody knows.
    """

    def __init__(self, api: Api, may_write: Callable[[], None], calls: Calls) -> None:
        self._api, self._may_write, self._calls = api, may_write, calls

    def do(self, deed: Deed) -> None:
        """Do it; that an object is there already, or gone already, is well."""
        match deed:
            case Patch():
                self._patch(deed)
            case Create():
                self._create(deed)
            case Delete():
                self._delete(deed)
            case Evict():
                self._evict(deed)
            case Call():
                self._may_write()
                self._calls.call(deed.url, deed.body, deed.key)

    def _patch(self, deed: Patch) -> None:
        # The object itself has the fields of its subresources: to read those is a right more.
        read, path = _path_of(deed.target), _path_of(deed.target, deed.subresource)
        stored = decoded(read, _object, self._api.request("GET", read, timeout=WRITE_SECONDS))
        if stored["metadata"].get("uid") != deed.target.uid:
            raise Conflict(f"{deed.target} was replaced by another of its name")
        steps: Steps = [{"op": "test", "path": "/metadata/uid", "value": deed.target.uid}]
        for change in deed.changes:
            steps += _steps(deed.target, stored, change)
        self._send("PATCH", path, steps, JSON_PATCH)

    def _create(self, deed: Create) -> None:
        metadata = deed.manifest["metadata"]
        kind = paths.BY_KIND[deed.manifest["kind"]]
        try:
            self._send("POST", paths.collection(kind, metadata.get("namespace")), deed.manifest)
        except Conflict:
            return  # it is there: the next step looks at it

    def _delete(self, deed: Delete) -> None:
        try:
            self._send("DELETE", _path_of(deed.target), {"preconditions": {"uid": deed.target.uid}})
        except NotFound:
            return

    def _evict(self, deed: Evict) -> None:
        target = deed.target
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {
                "namespace": target.namespace,
                "name": target.name,
                "labels": {EVICTION: "true"},
            },
            "deleteOptions": {"preconditions": {"uid": target.uid}},
        }
        try:
            self._send("POST", _path_of(target, "eviction"), eviction)
        except NotFound:
            return

    def _send(
        self, method: str, path: str, body: object, content_type: str = "application/json"
    ) -> None:
        self._may_write()
        query = None if method == "DELETE" else _QUERY
        self._api.request(
            method, path, query=query, body=body, content_type=content_type, timeout=WRITE_SECONDS
        )


def _steps(target: ObjectRef, document: Any, change: Change) -> Steps:
    """The steps of one change, which hold only if the field still is as it was; `document` is as it
    is once they are done. Raises Conflict where the field is another by now.
    """
    keys = [part.replace("~1", "/").replace("~0", "~") for part in change.path.split("/")[1:]]
    parent, depth = document, 0
    while depth < len(keys) - 1 and _member(parent, keys[depth]) is not None:
        parent, depth = _member(parent, keys[depth]), depth + 1
    is_there = depth == len(keys) - 1
    if (_member(parent, keys[-1]) if is_there else None) != change.old:
        raise Conflict(f"{target}: {change.path} is no longer {change.old!r}")
    # Of what is missing the topmost is added, with all below. A test for null passes there.
    path, value = _pointer(keys[: depth + 1]), change.new
    if value is not None:
        for key in reversed(keys[depth + 1 :]):
            value = {key: value}
    steps: Steps = [{"op": "test", "path": path, "value": change.old}]
    if change.new == change.old:
        return steps
    if value is None:
        del parent[_index(parent, keys[depth])]
        return [*steps, {"op": "remove", "path": path}]
    # A copy: what the next change adds below it is no part of this step.
    parent[_index(parent, keys[depth])] = deepcopy(value)
    return [
        *steps,
        {
            "op": "replace" if is_there and change.old is not None else "add",
            "path": path,
            "value": value,
        },
    ]


def _member(parent: Any, key: str) -> Any:
    """None where there is none."""
    if isinstance(parent, dict):
        return parent.get(key)
    is_index = isinstance(parent, list) and key.isdecimal() and int(key) < len(parent)
    return parent[int(key)] if is_index else None


def _index(parent: Any, key: str) -> Any:
    return int(key) if isinstance(parent, list) else key


def _pointer(keys: list[str]) -> str:
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in keys)


def _path_of(target: ObjectRef, subresource: str = "") -> str:
    return paths.single(
        paths.BY_KIND[target.kind], target.namespace or None, target.name, subresource
    )


def _object(raw: bytes | msgspec.Raw) -> dict[str, Any]:
    return msgspec.json.decode(raw, type=dict[str, Any])
