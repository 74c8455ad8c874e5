"""Which change concerns whom: from cache events to keys on queues and woken loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kubervisor.kube.caches import Changes
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import ServiceRecord, SpecRecord
from kubervisor.kube.watches import Caches
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.traffic.membership import has_spoken, is_routine
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
        is_anothers: Callable[[SpecRecord], bool],
    ) -> None:
        """`is_anothers` tells whether another leader has claimed an object."""
        self._specs, self._supervisor = caches.specs, supervisor
        self._queue, self._changed = queue, changed
        self._is_anothers = is_anothers
        self._overlay = overlay
        caches.pods.subscribe(self._pods)
        caches.services.subscribe(self._services)
        caches.specs.subscribe(self._spec_changes)

    def enqueue_all(self) -> None:
        """Look at every KubervisorService again."""
        for record in self._specs.values():
            self._queue.add(ServiceKey(record.namespace, record.name))

    def _pods(self, changes: Changes[Pod]) -> None:
        seen: dict[tuple[str, int, str | None, bool, bool], Pod] = {}
        for old, new in changes:
            # The overlay first: whoever is woken must already see the write confirmed.
            self._overlay.observe(old, new)
            if old is not new:
                routine, spoken = is_routine(old, new), has_spoken(old, new)
                # Pods of one template share their labels: one stands for all.
                for pod in filter(None, (old, new)):
                    seen[pod.namespace, id(pod.labels), pod.claimed_by, routine, spoken] = pod
        concerned: dict[ServiceKey, tuple[bool, bool]] = {}
        for (*_, routine, spoken), pod in seen.items():
            for key in self._supervisor.concerned(pod):
                all_routine, any_spoken = concerned.get(key, (True, False))
                concerned[key] = (all_routine and routine, any_spoken or spoken)
        for key, (routine, spoken) in concerned.items():
            worker = self._supervisor.get(key)
            if worker is None:
                continue
            worker.pods_changed(routine=routine, spoken=spoken)
            self._changed(key)
            if self._is_being_deleted(key):
                self._queue.add(key)

    def _services(self, changes: Changes[ServiceRecord]) -> None:
        for old, new in changes:
            record = new or old
            if record is not None:
                self._enqueue_claimants(record.namespace, record.name)

    def _spec_changes(self, changes: Changes[SpecRecord]) -> None:
        for old, new in changes:
            self._spec(old, new)

    def _spec(self, old: SpecRecord | None, new: SpecRecord | None) -> None:
        if old is not None and new is not None and _is_status_only(old, new):
            if self._is_anothers(new):
                self._queue.add(ServiceKey(new.namespace, new.name))
            return
        for record in (old, new):
            if record is not None:
                self._queue.add(ServiceKey(record.namespace, record.name))
                service = record.spec.get("service")
                if old is None or new is None or old.spec.get("service") != service:
                    self._enqueue_claimants(record.namespace, service)

    def _enqueue_claimants(self, namespace: str, service: object) -> None:
        if isinstance(service, str):
            for record in self._specs.claimants(namespace, service):
                self._queue.add(ServiceKey(record.namespace, record.name))

    def _is_being_deleted(self, key: ServiceKey) -> bool:
        record = self._specs.get(key.namespace, key.name)
        return record is not None and record.deleting


def _is_status_only(old: SpecRecord, new: SpecRecord) -> bool:
    """True where nothing but a status write separates the two."""
    written = replace(old, stored_status=new.stored_status, resource_version=new.resource_version)
    return written == new
