"""The Services that the watch has shown, and which of them steer traffic to a pod."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.kube.caches import ObjectCache, Shelf
from kubervisor.kube.records import ServiceRecord
from kubervisor.kube.selectors import SelectorIndex
from kubervisor.traffic import keys
from kubervisor.traffic.model import Traffic


class ServiceShelf(Shelf[ServiceRecord]):
    """Those that select on our key are found by the labels of a pod, so that a fleet costs the same
    among ten Services of its namespace as among a thousand.
    """

    def __init__(self) -> None:
        super().__init__()
        self._steering: SelectorIndex[str] = SelectorIndex()

    def steering(self, namespace: str, labels: Mapping[str, str]) -> tuple[ServiceRecord, ...]:
        """Return those that select on our key, and by the rest of their selector `labels`."""
        found = map(self.records.get, self._steering.matching(namespace, labels))
        return tuple(record for record in found if record is not None)

    def _index(self, old: ServiceRecord | None, new: ServiceRecord | None) -> None:
        if new is not None and new.selector.get(keys.TRAFFIC) == Traffic.YES:
            self._steering.add(new.name, new.namespace, without_ours(new.selector))
        elif old is not None:
            self._steering.remove(old.name)


class ServiceCache(ObjectCache[ServiceRecord]):
    """All Services."""

    def __init__(self) -> None:
        super().__init__(ServiceShelf)

    def steering(self, namespace: str, labels: Mapping[str, str]) -> tuple[ServiceRecord, ...]:
        """Return the Services that select on our key, and by the rest of their selector `labels`
        (a pod's without ours); one that selects on nothing else is not among them.
        """
        shelf = self._shelves.get(namespace)
        return shelf.steering(namespace, labels) if isinstance(shelf, ServiceShelf) else ()


def without_ours(selector: Mapping[str, str]) -> dict[str, str]:
    """Return `selector` without our traffic key."""
    return {key: value for key, value in selector.items() if key != keys.TRAFFIC}
