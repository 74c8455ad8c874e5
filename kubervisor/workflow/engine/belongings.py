"""Which objects each resource owns, as the watches show their labels."""

from __future__ import annotations

import threading
from collections import defaultdict

from kubervisor.kube.caches import Changes
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.scheduler.inventory import Owned, Ref


class Belongings:
    """By the uid of the owner. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: defaultdict[str, dict[Ref, Seen]] = defaultdict(dict)

    def take_in(self, changes: Changes[Seen]) -> None:
        """Objects of some kind were changed so."""
        with self._lock:
            for old, new in changes:
                if old is not None and old.owner:
                    self._drop(old.owner, old.ref)
                if new is not None and new.owner:
                    self._of[new.owner][new.ref] = new

    def of(self, uid: str) -> tuple[Owned, ...]:
        """All objects of that resource which are not being deleted already."""
        with self._lock:
            found = self._of.get(uid, {}).values()
            return tuple(Owned(one.ref, one.uid) for one in found if not one.deleting)

    def _drop(self, owner: str, ref: Ref) -> None:
        found = self._of.get(owner)
        if found is not None:
            found.pop(ref, None)
            if not found:
                del self._of[owner]
