"""The KubervisorServices that the watch has shown, and which of them name a Service."""

from __future__ import annotations

from kubervisor.kube.caches import ObjectCache, Shelf
from kubervisor.kube.records import SpecRecord


class SpecShelf(Shelf[SpecRecord]):
    """Found by the name in `spec.service`; one where that is no text names none."""

    def __init__(self) -> None:
        super().__init__()
        self._claimants: dict[str, dict[str, SpecRecord]] = {}

    def claimants(self, service: str) -> tuple[SpecRecord, ...]:
        """Return those that name `service`."""
        return tuple(self._claimants.get(service, {}).values())

    def _index(self, old: SpecRecord | None, new: SpecRecord | None) -> None:
        """Each of the small dicts is replaced, never changed: it may be read at the same time."""
        left, joined = _service(old), _service(new)
        if old is not None and left is not None and left != joined:
            rest = self._claimants[left].copy()
            del rest[old.name]
            if rest:
                self._claimants[left] = rest
            else:
                del self._claimants[left]
        if new is not None and joined is not None:
            self._claimants[joined] = self._claimants.get(joined, {}) | {new.name: new}


class SpecCache(ObjectCache[SpecRecord]):
    """All KubervisorServices."""

    def __init__(self) -> None:
        super().__init__(SpecShelf)

    def claimants(self, namespace: str, service: str) -> tuple[SpecRecord, ...]:
        """Return the KubervisorServices of `namespace` that name that Service."""
        shelf = self._shelves.get(namespace)
        return shelf.claimants(service) if isinstance(shelf, SpecShelf) else ()


def _service(record: SpecRecord | None) -> str | None:
    service = record.spec.get("service") if record else None
    return service if isinstance(service, str) else None
