"""Writes watchdogs' words on pods: each key by itself, so nobody else's annotations are touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import MERGE_PATCH, WRITE_SECONDS
from kubervisor.kube.watchdog_notes import write_status
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.watchdogs import EXPIRY, HEALTH, STATUS, WatchdogStatus


class WatchdogWriter:
    """Writes while `may_write` lets it; that raises LeadershipLost and is asked before each one."""

    def __init__(self, api: Api, may_write: Callable[[], None]) -> None:
        self._api, self._may_write = api, may_write

    def mark(
        self,
        pod: WatchedPod,
        statuses: Iterable[WatchdogStatus],
        removed: Iterable[str],
        health: str | None,
    ) -> None:
        """Write `statuses` on `pod`, take those `removed` off it, and set the label where `health`
        is given: in one patch, which no other pod of its name takes.

        Raises: Conflict or NotFound where the pod is gone; LeadershipLost; the rest of the ApiError
        tree. To repeat it is always right: what is there already changes nothing.
        """
        annotations: dict[str, str | None] = {}
        for status in statuses:
            annotations[f"{STATUS}{status.name}"] = write_status(status)
            # Left by whoever posted a status of that name: it would end ours.
            annotations[f"{EXPIRY}{status.name}"] = None
        for name in removed:
            annotations[f"{STATUS}{name}"] = annotations[f"{EXPIRY}{name}"] = None
        metadata: dict[str, object] = {"uid": pod.uid, "annotations": annotations}
        if health is not None:
            metadata["labels"] = {HEALTH: health}
        self._may_write()
        self._api.request(
            "PATCH",
            paths.single(paths.PODS, pod.namespace, pod.name),
            query={"fieldManager": "kubervisor-watchdog"},
            body={"metadata": metadata},
            content_type=MERGE_PATCH,
            timeout=WRITE_SECONDS,
        )
