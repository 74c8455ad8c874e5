"""Which fields a body says, whatever their values."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

IDENTITY = frozenset(
    {"name", "key", "type", "ip", "port", "containerPort", "protocol", "mountPath", "devicePath"}
    | {"topologyKey", "whenUnsatisfiable", "hostname", "uid", "kind", "namespace"}
)
"""Fields by which the API tells the entries of its lists apart: their values are part of a path."""


def digest_of_fields(body: Any) -> str:
    """The same for bodies that say the same fields, another for others.

    >>> digest_of_fields({"replicas": 1}) == digest_of_fields({"replicas": 2})
    True
    >>> digest_of_fields({"a": [{"name": "x"}]}) == digest_of_fields({"a": [{"name": "y"}]})
    False
    """
    said = "\n".join(sorted(set(_paths(body, ""))))
    return blake2b(said.encode(), digest_size=4).hexdigest()


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _paths(one, f"{path}/{name}")
    elif isinstance(value, list):
        yield path
        for one in value:
            yield from _paths(one, path + _entry(one))
    else:
        yield path


def _entry(one: Any) -> str:
    if not isinstance(one, dict):
        return "[]"
    said = (f"{key}={one[key]}" for key in sorted(IDENTITY & one.keys()))
    return f"[{','.join(said)}]"
