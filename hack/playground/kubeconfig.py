"""Kubeconfig files that hold one cluster and one token."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def local(port: int, authority: bytes) -> dict[str, str]:
    """The `cluster` entry of an API server on loopback whose certificate `authority` signed."""
    return {
        "server": f"https://127.0.0.1:{port}",
        "certificate-authority-data": base64.b64encode(authority).decode(),
    }


def cluster_of(path: Path) -> dict[str, Any]:
    """The `cluster` entry of the current context."""
    document = yaml.safe_load(path.read_text())
    contexts = {entry["name"]: entry["context"] for entry in document["contexts"]}
    clusters = {entry["name"]: entry["cluster"] for entry in document["clusters"]}
    found: dict[str, Any] = clusters[contexts[document["current-context"]]["cluster"]]
    return found


def write(path: Path, cluster: Mapping[str, Any], token: str, namespace: str = "default") -> Path:
    """Write a kubeconfig that only its owner can read, and return its path."""
    name = "playground"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": dict(cluster)}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}
        ],
        "current-context": name,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=1))  # JSON is YAML
    return path
