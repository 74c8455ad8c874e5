"""The configuration file of remediation rules, in the original's form:

    providers:
    - {name: default, type: prometheus, params: url=http://prometheus:9090}
    min_poll_interval: 5

and besides `sources`, each written as for the traffic capability.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kubervisor.config_file import read_mapping
from kubervisor.source_settings import NamedSource

DEFAULT_SOURCE = "default"
UNNAMED = frozenset(["", DEFAULT_SOURCE, "prometheus"])
"""What rules of the original write where there is one provider."""

_KNOWN = ("providers", "sources", "min_poll_interval")
_WITHOUT_EFFECT = "ignore_unhealthy_targets"
"""A target that is not healthy gives no samples, and what a rule does then its noData says."""


def read_rules_config(path: Path) -> dict[str, Any]:
    """The settings `sources` and `min_poll_interval` of a file, unchecked.

    Raises ValueError, naming the file. No message quotes it: a secret may stand in the wrong place.
    """
    found: dict[str, Any] = read_mapping(path, "a list `providers`")
    unknown = [key for key in found if key not in _KNOWN]
    if "gitops" in unknown:
        raise ValueError(
            f"{path}: gitops is not supported: approvals are given on the cluster, "
            "`kubectl kubervisor approve`; take it out"
        )
    if unknown:
        raise ValueError(f"{path}: unknown {unknown[0]!r:.80}; known are {', '.join(_KNOWN)}")
    settings = {"min_poll_interval": found["min_poll_interval"]} if _KNOWN[2] in found else {}
    sources = [
        *(_source(path, entry) for entry in _list(path, found, "providers")),
        *_list(path, found, "sources"),
    ]
    return settings | ({"sources": tuple(sources)} if sources else {})


def find_source(name: str, sources: Sequence[NamedSource]) -> str | None:
    """The name of the source that a rule means by `name`, None where there is none such.

    Without a name, or with the original's `default` and `prometheus`: the one that is called so,
    else the one named default, else the only one.
    """
    names = [source.name for source in sources]
    if name in names or name not in UNNAMED:
        return name if name in names else None
    if DEFAULT_SOURCE in names:
        return DEFAULT_SOURCE
    return names[0] if len(names) == 1 else None


def _list(path: Path, found: Mapping[str, Any], key: str) -> list[Any]:
    entries = found.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ValueError(f"{path}: {key} must be a list of mappings")
    return entries


def _source(path: Path, entry: Mapping[str, Any]) -> dict[str, Any]:
    """A provider as a source. Raises ValueError."""
    name, kind = entry.get("name", DEFAULT_SOURCE), entry.get("type", "prometheus")
    where = f"{path}: provider {name!r:.80}"
    if kind != "prometheus":
        raise ValueError(f"{where}: type {kind!r:.80} is not supported; write prometheus")
    params = _params(where, entry.get("params"))
    url = params.pop("url", "")
    params.pop(_WITHOUT_EFFECT, None)
    if not url:
        raise ValueError(f"{where}: params must have url=http://HOST:PORT")
    if params:
        raise ValueError(
            f"{where}: unknown parameter {next(iter(params))!r:.80}; known is url, and a server "
            "that wants credentials is written under `sources`"
        )
    return {"name": name, "url": url.rstrip("/").removesuffix("/api/v1")}


def _params(where: str, written: object) -> dict[str, str]:
    """The parameters, written as `k=v,k2=v2` or as a mapping."""
    if isinstance(written, dict):
        return {str(key): str(value) for key, value in written.items()}
    if not isinstance(written, str):
        raise ValueError(  # noqa: TRY004 - a wrong file, not a wrong call
            f"{where}: params must be such as url=http://HOST:PORT"
        )
    pairs = [part.partition("=") for part in written.split(",") if part.strip()]
    return {key.strip(): value.strip() for key, _, value in pairs}
