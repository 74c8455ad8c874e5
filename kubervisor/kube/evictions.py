"""The eviction of one pod: by uid, and only as it is stored at that moment."""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import ApiUnavailable
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import (
    WRITE_SECONDS,
    eviction_of,
    is_going,
    path_of,
    read_pod,
)
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
        return read_pod(self._api, namespace, name, uid)

    def evict(self, pod: Pod, *, grace: int) -> None:
        """Ask for the eviction of `pod` as it was read; it has `grace` seconds to shut down.

        Raises: Throttled where a PodDisruptionBudget refuses; Conflict and NotFound where it is
        another pod or none by now; ApiUnavailable where nobody knows whether it was evicted, or it
        was certainly not (`sent`); LeadershipLost; the rest of the ApiError tree.
        """
        # Not its version: that changes with each status, and no status makes another pod of it.
        eviction = eviction_of(pod, gracePeriodSeconds=grace, preconditions={"uid": pod.uid})
        self._may_write()
        try:
            self._api.request(
                "POST", path_of(pod, "eviction"), body=eviction, timeout=WRITE_SECONDS
            )
        except ApiUnavailable as error:
            if not error.sent or not is_going(self._api, pod):
                raise
