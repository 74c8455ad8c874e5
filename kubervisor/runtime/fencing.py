"""Sees to it that an ejection which a leader before us declared shows, or can no longer happen."""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.api.status import EjectionIntent
from kubervisor.errors import Conflict, NotFound
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.writers import TrafficWriter
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import PodUid


class Fence:
    """Its write may still be on its way: after ours it gets a conflict, or it came before and the
    pod shows it. Raises ApiError where neither is certain.
    """

    def __init__(
        self, pods: PodCache, writer: TrafficWriter, epoch: Callable[[], int], log: Log
    ) -> None:
        self._pods, self._writer, self._epoch, self._log = pods, writer, epoch, log

    def __call__(self, name: str, intent: EjectionIntent) -> None:
        """`name` is that of the KubervisorService in whose status the ejection is declared."""
        pod = self._pods.get_uid(PodUid(intent.pod_uid or ""))
        if pod is None or (pod.ejection and pod.ejection.id == intent.ejection_id):
            return
        try:
            self._writer.fence(pod, name, self._epoch())
        except (Conflict, NotFound):
            return  # it moved on by itself: the old precondition no longer holds
        self._log.info("Fenced pod", pod=pod.name, declared_by_epoch=intent.epoch)
