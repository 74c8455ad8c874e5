"""The eviction of one pod: by uid, and only as it is stored at that moment."""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import ApiUnavailable, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import decoded
from kubervisor.kube.podwrites import WRITE_SECONDS, path_of
from kubervisor.kube.records import decode_pod
from kubervisor.traffic import keys
from kubervisor.traffic.model import Pod, PodUid


class Evictions:
    """Asks for evictions while `may_write` lets it; that raises LeadershipLost and is asked before
    each one.
    """

    def __init__(self, api: Api, may_write: Callable[[], None]) -> None:
        self._api, self._may_write = api, may_write

    def read(self, namespace: str, name: str, uid: PodUid) -> Pod:
        """Return the pod as stored now. Raises: NotFound where it is gone or was replaced by
        another of its name, else the ApiError tree.
        """
        path = paths.single(paths.PODS, namespace, name)
        pod = decoded(path, decode_pod, self._api.request("GET", path, timeout=WRITE_SECONDS))
        if pod.uid != uid:
            raise NotFound(f"Pod {namespace}/{name} was replaced by another of its name")
        return pod

    def evict(self, pod: Pod, *, grace: int) -> None:
        """Ask for the eviction of `pod` as it was read; it has `grace` seconds to shut down.

        Raises: Throttled where a PodDisruptionBudget refuses; Conflict and NotFound where it is
        another pod or none by now; ApiUnavailable where nobody knows whether it was evicted, or it
        was certainly not (`sent`); LeadershipLost; the rest of the ApiError tree.
        """
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {
                "namespace": pod.namespace,
                "name": pod.name,
                "labels": {keys.EVICTION: "true"},
            },
            # Not its version: that changes with each status, and no status makes another pod of it.
            "deleteOptions": {"gracePeriodSeconds": grace, "preconditions": {"uid": pod.uid}},
        }
        self._may_write()
        try:
            self._api.request(
                "POST", path_of(pod, "eviction"), body=eviction, timeout=WRITE_SECONDS
            )
        except ApiUnavailable as error:
            if not error.sent or not self._is_going(pod):
                raise

    def _is_going(self, pod: Pod) -> bool:
        try:
            return self.read(pod.namespace, pod.name, pod.uid).deleting
        except NotFound:
            return True
