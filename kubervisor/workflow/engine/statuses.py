"""Writes of resources: their status and their finalizer, each on the version that was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.workflow.engine.applying import WRITE_SECONDS
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import Kind


class ResourceWriter:
    """Returns what is stored then. `may_write` raises LeadershipLost and is asked before each.

    Raises: Conflict where the resource is no longer what was read; NotFound; the rest of the
    ApiError tree; LeadershipLost.
    """

    def __init__(
        self, api: Api, may_write: Callable[[], None], resources: Kind, manager: str
    ) -> None:
        self._api, self._may_write = api, may_write
        self._resources, self._manager = resources, manager

    def report(self, resource: Seen, status: Mapping[str, Any]) -> Seen:
        """Store `status` in place of the whole status."""
        return self._patch(resource, "status", "/status", status)

    def hold(self, resource: Seen, finalizers: Sequence[str]) -> Seen:
        """Let its finalizers be these."""
        return self._patch(resource, "", "/metadata/finalizers", finalizers)

    def _patch(self, resource: Seen, subresource: str, field: str, value: object) -> Seen:
        path = paths.single(self._resources.path, resource.namespace, resource.name, subresource)
        steps = [
            {"op": "test", "path": "/metadata/uid", "value": resource.uid},
            {"op": "test", "path": "/metadata/resourceVersion", "value": resource.resource_version},
            {"op": "add", "path": field, "value": value},
        ]
        self._may_write()
        answer = self._api.request(
            "PATCH",
            path,
            query={"fieldManager": self._manager},
            body=steps,
            content_type=JSON_PATCH,
            timeout=WRITE_SECONDS,
        )
        return decoded(path, self._resources.decode, answer)
