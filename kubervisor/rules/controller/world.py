"""The cluster as actions look at it: what is stored now, past every cache."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kubervisor.errors import NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import decoded
from kubervisor.kube.listing import list_all
from kubervisor.kube.podwrites import WRITE_SECONDS
from kubervisor.rules.actions.action import Object


class Cluster:
    """A `World` over the API server; safe for any number of threads."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object as stored now, None where there is none. Raises ApiError."""
        path = paths.single(paths.BY_KIND[kind], namespace or None, name)
        try:
            answer = self._api.request("GET", path, timeout=WRITE_SECONDS)
        except NotFound:
            return None
        return _named(decoded(path, _read, answer), kind)

    def list(self, kind: str, namespace: str, selector: str = "") -> Sequence[Object]:
        """All objects of the kind in the namespace, "" for everywhere, that a label selector
        chooses. Raises ApiError.
        """
        path = paths.collection(paths.BY_KIND[kind], namespace or None)
        query = {"labelSelector": selector} if selector else None
        return [_named(one, kind) for one in list_all(self._api, path, _read, query=query)]


def _read(raw: bytes | msgspec.Raw) -> dict[str, object]:
    return msgspec.json.decode(raw, type=dict[str, object])


def _named(found: dict[str, object], kind: str) -> Object:
    """A list leaves the kind of its objects out."""
    return {"kind": kind, **found}
