"""The objects of the stub that are written to: KubervisorServices and the Lease."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Json = dict[str, Any]


class Refused(Exception):
    """The request cannot be carried out: an HTTP status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Store:
    """Objects by path; each write counts `version` up and is told to `changed`. Thread-safe."""

    def __init__(self, version: Callable[[], int], changed: Callable[[Json], None]) -> None:
        self._lock = threading.Lock()
        self._objects: dict[str, Json] = {}
        self._version, self._changed = version, changed

    def fill(self, objects: Iterable[tuple[str, Json]]) -> None:
        """Put objects there from the start, by their paths."""
        self._objects.update(objects)

    def get(self, path: str) -> Json:
        """The object at `path`. Raises Refused (404)."""
        found = self._objects.get(path)
        if found is None:
            raise Refused(404, f"{path} not found")
        return found

    def create(self, collection: str, body: Json) -> Json:
        """Store a new object. Raises Refused (409)."""
        path = f"{collection}/{body['metadata']['name']}"
        with self._lock:
            if path in self._objects:
                raise Refused(409, f"{path} exists")
            return self._put(path, body)

    def patch(self, path: str, patch: Any) -> Json:
        """Apply a JSON patch (a list) or a merge patch; preconditions hold. Raises Refused."""
        with self._lock:
            stored = self.get(path)
            is_list = isinstance(patch, list)
            return self._put(path, (_json_patched if is_list else _merged)(stored, patch))

    def _put(self, path: str, fresh: Json) -> Json:
        metadata = {**fresh["metadata"], "resourceVersion": str(self._version())}
        stored = self._objects[path] = {**fresh, "metadata": metadata}
        self._changed(stored)
        return stored


def encoded(value: object) -> bytes:
    """Compact JSON, as the API server writes it."""
    return json.dumps(value, separators=(",", ":")).encode()


def _merged(stored: Json, patch: Any) -> Json:
    for name in ("uid", "resourceVersion"):
        asked = patch.get("metadata", {}).get(name)
        if asked is not None and asked != stored["metadata"].get(name):
            raise Refused(409, f"{name} is {stored['metadata'].get(name)}, not {asked}")
    merged: Json = _merge(stored, patch)
    return merged


def _merge(stored: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(stored) if isinstance(stored, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge(merged.get(key), value)
    return merged


def _json_patched(stored: Json, operations: list[Json]) -> Json:
    """RFC 6902, as far as statuses are written: tests of metadata, and whole members."""
    patched = dict(stored)
    for operation in operations:
        *way, last = operation["path"].strip("/").split("/")
        if operation["op"] == "test":
            where = patched[way[0]]
            if where.get(last) != operation["value"]:
                raise Refused(422, f"testing value {operation['path']} failed")
        else:
            patched[last] = operation["value"]
    return patched
