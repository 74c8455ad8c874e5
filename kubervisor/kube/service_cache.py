"""The Services that the watch has shown, and which of them steer traffic to a pod."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.records import ServiceRecord
from kubervisor.kube.selectors import SelectorIndex
from kubervisor.traffic import keys
from kubervisor.traffic.model import Traffic


class ServiceCache(ObjectCache[ServiceRecord]):
    """All Services. Those that select on our key are found by the labels of a pod, so that a fleet
    costs the same among ten Services of its namespace as among a thousand.
    """

    def __init__(self) -> None:
        super().__init__()
        self._steering: SelectorIndex[tuple[str, str]] = SelectorIndex()

    def steering(self, namespace: str, labels: Mapping[str, str]) -> tuple[ServiceRecord, ...]:
        """Return the Services that select on our key, and by the rest of their selector `labels`
        (a pod's without ours); one that selects on nothing else is not among them.
        """
        found = (self.get(*key) for key in self._steering.matching(namespace, labels))
        return tuple(record for record in found if record is not None)

    def _set(self, old: ServiceRecord | None, new: ServiceRecord | None) -> None:
        super()._set(old, new)
        record = new or old
        assert record is not None
        key = (record.namespace, record.name)
        if new is not None and new.selector.get(keys.TRAFFIC) == Traffic.YES:
            self._steering.add(key, new.namespace, without_ours(new.selector))
        else:
            self._steering.remove(key)


def without_ours(selector: Mapping[str, str]) -> dict[str, str]:
    """Return `selector` without our traffic key."""
    return {key: value for key, value in selector.items() if key != keys.TRAFFIC}
