"""Which change concerns whom: from cache events to keys on queues and woken loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import ServiceRecord, SpecRecord
from kubervisor.kube.watches import Caches
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.traffic.model import Pod, ServiceKey


class Wiring:
    """Runs on the reflectors' threads, so it only compares, looks up and enqueues."""

    def __init__(
        self,
        caches: Caches,
        overlay: Overlay,
        supervisor: Supervisor,
        *,
        queue: WorkQueue[ServiceKey],
        changed: Callable[[ServiceKey], None],
    ) -> None:
        self._specs, self._supervisor = caches.specs, supervisor
        self._queue, self._changed = queue, changed
        # The overlay first: whoever is woken must already see the write confirmed.
        caches.pods.subscribe(overlay.observe)
        caches.pods.subscribe(self._pod)
        caches.services.subscribe(self._service)
        caches.specs.subscribe(self._spec)

    def enqueue_all(self) -> None:
        """Look at every KubervisorService again."""
        for record in self._specs.values():
            self._queue.add(ServiceKey(record.namespace, record.name))

    def _pod(self, old: Pod | None, new: Pod | None) -> None:
        if old is not None and new is not None and replace(old, version=new.version) == new:
            return
        concerned = {
            key for pod in (old, new) if pod is not None for key in self._supervisor.concerned(pod)
        }
        for key in concerned:
            worker = self._supervisor.get(key)
            if worker is None:
                continue
            worker.activator.wake()
            self._changed(key)
            if self._is_being_deleted(key):
                self._queue.add(key)

    def _service(self, old: ServiceRecord | None, new: ServiceRecord | None) -> None:
        record = new or old
        if record is not None:
            self._enqueue_claimants(record.namespace, record.name)

    def _spec(self, old: SpecRecord | None, new: SpecRecord | None) -> None:
        if old is not None and new is not None and _is_status_only(old, new):
            return
        for record in (old, new):
            if record is not None:
                self._queue.add(ServiceKey(record.namespace, record.name))
                service = record.spec.get("service")
                if old is None or new is None or old.spec.get("service") != service:
                    self._enqueue_claimants(record.namespace, service)

    def _enqueue_claimants(self, namespace: str, service: object) -> None:
        for record in self._specs.values(namespace):
            if record.spec.get("service") == service:
                self._queue.add(ServiceKey(record.namespace, record.name))

    def _is_being_deleted(self, key: ServiceKey) -> bool:
        record = self._specs.get(key.namespace, key.name)
        return record is not None and record.deleting


def _is_status_only(old: SpecRecord, new: SpecRecord) -> bool:
    """True where nothing but our own status write separates the two."""
    written = replace(old, stored_status=new.stored_status, resource_version=new.resource_version)
    return written == new
