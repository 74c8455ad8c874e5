"""How `kubervisor release` asks controllers to leave namespaces alone: a word on the Lease."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from kubervisor.errors import Conflict, NotFound
from kubervisor.kube import failures, paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import MERGE_PATCH

STOPPED = "kubervisor.k8s.io/stopped"
EVERYWHERE = frozenset({"*"})
ATTEMPTS = 10


def read_stopped(annotations: Mapping[str, str]) -> frozenset[str]:
    """Return the namespaces that are announced as stopped, `{"*"}` for all of them.

    An unreadable announcement stops everything: somebody wanted a stop.
    """
    text = annotations.get(STOPPED)
    if text is None:
        return frozenset()
    try:
        return frozenset(msgspec.json.decode(text, type=list[str]))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return EVERYWHERE


def announce_stop(api: Api, lease_namespace: str, lease_name: str, stopped: Iterable[str]) -> None:
    """Add `stopped` (namespaces, or `*`) to the announcement; the Lease is created where it is
    missing.

    Controllers see it with their next renewal, within about two seconds.

    Raises: ApiError; Conflict only where the Lease changed each time we tried.
    """
    wanted = frozenset(stopped)
    _change(api, lease_namespace, lease_name, lambda before: before | wanted)


def withdraw_stop(api: Api, lease_namespace: str, lease_name: str, stopped: Iterable[str]) -> None:
    """Take `stopped` out of the announcement, `*` all of it. Raises: as `announce_stop`."""
    wanted = frozenset(stopped)
    all_of_it = "*" in wanted
    _change(
        api,
        lease_namespace,
        lease_name,
        lambda before: frozenset() if all_of_it else before - wanted,
    )


def _change(
    api: Api,
    namespace: str,
    name: str,
    change: Callable[[frozenset[str]], frozenset[str]],
) -> None:
    for _ in range(ATTEMPTS):
        try:
            return _change_once(api, namespace, name, change)
        except Conflict as error:  # the holder renews the Lease every two seconds
            last = error
    raise last


def _change_once(
    api: Api,
    namespace: str,
    name: str,
    change: Callable[[frozenset[str]], frozenset[str]],
) -> None:
    path = paths.single(paths.LEASES, namespace, name)
    try:
        meta = failures.decoded(path, wire.leases.decode, api.request("GET", path)).metadata
    except NotFound:
        _create(api, namespace, name, _text(change(frozenset())))
        return
    before = read_stopped(meta.annotations or {})
    after = change(before)
    if after != before:
        annotations = {STOPPED: _text(after)}
        patch = {"metadata": {"resourceVersion": meta.resource_version, "annotations": annotations}}
        api.request("PATCH", path, body=patch, content_type=MERGE_PATCH)


def _create(api: Api, namespace: str, name: str, text: str | None) -> None:
    if text is None:
        return
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "annotations": {STOPPED: text}},
    }
    api.request("POST", paths.collection(paths.LEASES, namespace), body=body)


def _text(stopped: frozenset[str]) -> str | None:
    return msgspec.json.encode(sorted(stopped)).decode() if stopped else None
