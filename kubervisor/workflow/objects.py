"""Kubernetes objects as workers read and return them: plain JSON, its usual parts by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
"""An object of the API, as decoded. One that a worker was given is its own to change."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object that the cluster has. `body` is all of it but the bookkeeping of its fields."""

    body: Json

    @property
    def namespace(self) -> str:
        return str(self.body["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.body["metadata"]["uid"])

    @property
    def labels(self) -> Mapping[str, str]:
        return self.body["metadata"].get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.body["metadata"].get("annotations") or {}

    @property
    def spec(self) -> Json:
        spec: Json = self.body.get("spec") or {}
        return spec

    @property
    def status(self) -> Json:
        status: Json = self.body.get("status") or {}
        return status


@dataclass(frozen=True, slots=True)
class OnlyFields:
    """An output that says some fields of somebody else's object: a Deployment's replicas.

    The object is neither created nor owned, and stays when it is no longer returned; so do the
    fields. To put them back is the worker's or the finalizer's business.
    """

    body: Json
