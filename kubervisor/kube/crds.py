"""Brings a CustomResourceDefinition onto the API server, never replacing a newer one."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, Forbidden, NotFound
from kubervisor.kube import failures, paths
from kubervisor.kube.client import Api

SCHEMA_VERSION = "kubervisor.k8s.io/schema-version"
POLL_SECONDS = 0.2
ATTEMPTS = 10
ESTABLISH_SECONDS = 30.0


class Outcome(StrEnum):
    """What registering did."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NEWER = "newer"  # the stored one is of a newer Kubervisor and stays


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    resource_version: str = ""
    annotations: dict[str, str] | None = None


class _Condition(msgspec.Struct, gc=False):
    type: str
    status: str
    message: str = ""


class _Status(msgspec.Struct, gc=False):
    conditions: list[_Condition] | None = None


class _Stored(msgspec.Struct, gc=False):
    metadata: _Meta
    status: _Status = msgspec.field(default_factory=_Status)


_definitions = msgspec.json.Decoder(_Stored)


def register(
    api: Api, crd: Mapping[str, Any], *, stop: threading.Event, timeout: float = ESTABLISH_SECONDS
) -> Outcome:
    """Create `crd`, or update a stored one of an older schema version, and wait until it is served.

    The schema version is the integer in the annotation `SCHEMA_VERSION`; a stored one without it is
    older than any.

    Raises: Forbidden, saying what to grant or do instead; ApiUnavailable where it is not served
    after `timeout` seconds or a stop; ApiError where its names are taken.
    """
    name = crd["metadata"]["name"]
    try:
        outcome = _bring(api, name, crd)
    except Forbidden as error:
        raise Forbidden(
            f"{error}. Kubervisor may not register {name}: grant get, create and update of "
            "customresourcedefinitions, or apply the files of crds/ by hand and start with "
            "--no-register-crds",
            status=error.status,
        ) from error
    wait_until_served(api, name, stop, timeout)
    return outcome


def _bring(api: Api, name: str, crd: Mapping[str, Any]) -> Outcome:
    """Create or update. The API server and other replicas write too: a conflict is tried again."""
    for _ in range(ATTEMPTS):
        try:
            return _bring_once(api, name, crd)
        except Conflict as error:
            last = error
    raise last


def _bring_once(api: Api, name: str, crd: Mapping[str, Any]) -> Outcome:
    try:
        stored = _read(api, name)
    except NotFound:
        api.request("POST", paths.CRDS, body=crd)
        return Outcome.CREATED
    ours = _schema_version(crd["metadata"].get("annotations", {}))
    theirs = _schema_version(stored.metadata.annotations or {})
    if theirs >= ours:
        return Outcome.UNCHANGED if theirs == ours else Outcome.NEWER
    metadata = {**crd["metadata"], "resourceVersion": stored.metadata.resource_version}
    api.request("PUT", paths.single(paths.CRDS, None, name), body={**crd, "metadata": metadata})
    return Outcome.UPDATED


def wait_until_served(
    api: Api, name: str, stop: threading.Event, timeout: float = ESTABLISH_SECONDS
) -> None:
    """Return once the stored definition of that name is served.

    Raises: ApiUnavailable where it is not after `timeout` seconds or a stop; ApiError where its
    names are taken.
    """
    deadline = time.monotonic() + timeout
    while True:
        conditions = {c.type: c for c in _read(api, name).status.conditions or ()}
        taken = conditions.get("NamesAccepted")
        if taken is not None and taken.status == "False":
            raise ApiError(f"{name} is not served, its names are taken: {taken.message}")
        served = conditions.get("Established")
        if served is not None and served.status == "True":
            return
        if stop.wait(POLL_SECONDS) or time.monotonic() > deadline:
            raise ApiUnavailable(f"{name} is stored, but the API server does not serve it yet")


def _read(api: Api, name: str) -> _Stored:
    path = paths.single(paths.CRDS, None, name)
    return failures.decoded(path, _definitions.decode, api.request("GET", path))


def _schema_version(annotations: Mapping[str, str]) -> int:
    text = annotations.get(SCHEMA_VERSION, "")
    return int(text) if text.isascii() and text.isdigit() else 0
