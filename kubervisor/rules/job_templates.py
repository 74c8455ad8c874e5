"""Reads the Jobs that rules may run, from an administrator's folder of files NAME.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubervisor.rules.actions.action import Object

LARGEST = 256 * 1024
"""Bytes of a file; no Job has as many."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def read_templates(folder: Path) -> Mapping[str, Object]:
    """The Jobs by their files' names. Hidden files are left out: a mounted ConfigMap has some.

    Raises: ValueError where one cannot be used, saying which, why and what to do; OSError where
    the folder cannot be read.
    """
    files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return {path.stem: _read(path) for path in files if path.suffix in (".yaml", ".yml")}


def _read(path: Path) -> Object:
    if not _NAME.fullmatch(path.stem):
        raise ValueError(f"Job template {path}: name the file as a Job, such as clean-up.yaml.")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"Job template {path}: it has more than {LARGEST // 1024} KiB.")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"Job template {path}: it is no YAML ({type(error).__name__}).") from None
    problem = _problem(found)
    if problem:
        raise ValueError(f"Job template {path}: {problem}.")
    job: Object = found
    return job


def _problem(found: Any) -> str:
    if not isinstance(found, dict):
        return "write one Job"
    if (found.get("apiVersion"), found.get("kind")) != ("batch/v1", "Job"):
        return "write apiVersion batch/v1 and kind Job"
    pod: Any = found
    for key in ("spec", "template", "spec"):
        pod = pod.get(key)
        if not isinstance(pod, dict):
            return "write spec.template.spec"
    metadata = found.get("metadata") or {}
    if not isinstance(metadata, dict):
        return "metadata is no mapping"
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key) or {}, dict):
            return f"metadata.{key} is no mapping"
    return _problem_of_containers(pod)


def _problem_of_containers(pod: dict[str, Any]) -> str:
    containers, first = pod.get("containers"), pod.get("initContainers") or []
    if not containers or not isinstance(containers, list) or not isinstance(first, list):
        return "write spec.template.spec.containers as a list"
    for container in (*containers, *first):
        env = container.get("env") or [] if isinstance(container, dict) else None
        if not isinstance(env, list) or not all(isinstance(one, dict) for one in env):
            return "each container is a mapping, and its env a list of mappings"
    return ""
