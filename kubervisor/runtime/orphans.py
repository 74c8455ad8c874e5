"""Sweeps for pods that carry the name of a KubervisorService which does not exist.

No finalizer can have released them: the object was deleted by force, or while nobody ran. A pod is
given back when two sweeps in a row find the object gone, by a live read and not by a cache.
"""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import ApiError, NotFound
from kubervisor.kube.client import Api
from kubervisor.kube.objects import get_spec
from kubervisor.kube.watches import Caches
from kubervisor.kube.writers import TrafficWriter
from kubervisor.telemetry.logs import Log
from kubervisor.traffic.membership import is_member
from kubervisor.traffic.model import ServiceKey


class OrphanSweep:
    """`step` is called by a Loop of the leader."""

    def __init__(
        self,
        caches: Caches,
        api: Api,
        writer: TrafficWriter,
        *,
        every: float,
        is_stopped: Callable[[str], bool],
        log: Log,
    ) -> None:
        self._pods, self._specs, self._api = caches.pods, caches.specs, api
        self._writer, self._every, self._log = writer, every, log
        self._is_stopped = is_stopped
        self._missing: set[ServiceKey] = set()

    def step(self) -> float:
        """Release the pods of names found missing twice; returns the seconds until the next
        sweep.
        """
        names = {
            ServiceKey(namespace, name)
            for namespace, name in self._pods.claimed_names()
            if self._specs.get(namespace, name) is None and not self._is_stopped(namespace)
        }
        missing = {key for key in names if self._is_gone(key)}
        for key in missing & self._missing:
            self._release(key)
        self._missing = missing
        return self._every

    def _is_gone(self, key: ServiceKey) -> bool:
        try:
            get_spec(self._api, key.namespace, key.name)
        except NotFound:
            return True
        return False

    def _release(self, key: ServiceKey) -> None:
        for pod in self._pods.claimed(key.namespace, key.name):
            if not is_member(pod):
                continue
            try:
                self._writer.release(pod)
            except ApiError as error:
                self._log.warning("Could not release pod", pod=pod.name, error=str(error))
            else:
                self._log.info(
                    "Released orphan",
                    namespace=key.namespace,
                    pod=pod.name,
                    missing=key.name,
                    was_out=pod.is_out,
                )
