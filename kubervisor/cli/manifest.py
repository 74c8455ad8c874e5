"""Reads a KubervisorService from a file that may hold other objects too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubervisor.api.group import GROUP
from kubervisor.api.kubervisorservice import KIND
from kubervisor.api.policy import to_policy
from kubervisor.cli.documents import read_objects
from kubervisor.errors import SpecError
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ServicePolicy

DEFAULT_NAMESPACE = "default"


def read_policy(
    path: Path, *, name: str | None, namespace: str | None
) -> tuple[ServiceKey, ServicePolicy]:
    """The one KubervisorService in a file of YAML or JSON documents, or the one called `name`.

    Without `namespace` it is the manifest's own, else `default`. Raises SpecError, which says what
    to write.
    """
    found = [one for one in read_objects(path) if _is_ours(one)]
    names = [str(_metadata(one).get("name", "")) for one in found]
    if name is not None:
        found = [one for one, its in zip(found, names, strict=True) if its == name]
    if not found:
        there = f"; it has {', '.join(names)}" if names else ""
        wanted = f" named {name}" if name is not None else ""
        raise SpecError(f"{path}: holds no {KIND}{wanted} of {GROUP}{there}")
    if len(found) > 1:
        raise SpecError(f"{path}: holds {len(found)}; say which by --name: {', '.join(names)}")
    metadata = _metadata(found[0])
    own = str(metadata.get("name", ""))
    try:
        policy = to_policy(found[0].get("spec", {}), name=own)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from None
    where = namespace or str(metadata.get("namespace") or DEFAULT_NAMESPACE)
    return ServiceKey(where, own), policy


def _is_ours(one: Mapping[str, Any]) -> bool:
    return one.get("kind") == KIND and str(one.get("apiVersion", "")).startswith(f"{GROUP}/")


def _metadata(one: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = one.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
