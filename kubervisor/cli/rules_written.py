"""The AutopilotRules in a file; a StoragePolicy among them becomes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubervisor.api.autopilot_fields import API_VERSION
from kubervisor.cli.documents import read_objects
from kubervisor.errors import SpecError
from kubervisor.rules import storage_policy
from kubervisor.rules.trial.trying import WrittenRule


def read_written(path: Path) -> list[WrittenRule]:
    """The rules of a file, in its order; objects of other kinds are left out.

    Raises SpecError, naming the file: it cannot be read, or has no rule.
    """
    found = list(_rules(path))
    if not found:
        raise SpecError(f"{path}: has no AutopilotRule")
    return found


def _rules(path: Path) -> Iterator[WrittenRule]:
    for number, one in enumerate(read_objects(path)):
        kind = one.get("kind")
        if kind == storage_policy.KIND:
            yield _written(path, number, _converted(path, one))
        if kind == "AutopilotRule":
            if one.get("apiVersion") != API_VERSION:
                raise SpecError(f"{path}: apiVersion must be {API_VERSION}")
            yield _written(path, number, one)


def _converted(path: Path, one: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return storage_policy.convert(one)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None


def _written(path: Path, number: int, one: Mapping[str, Any]) -> WrittenRule:
    meta, spec = one.get("metadata"), one.get("spec")
    name = meta.get("name") if isinstance(meta, Mapping) else None
    if not isinstance(name, str) or not name:
        raise SpecError(f"{path}: an AutopilotRule has no metadata.name; give it one")
    written = spec if isinstance(spec, Mapping) else {}
    return WrittenRule(str(path), name, f"{path}#{number}", written, created_at=float(number))
