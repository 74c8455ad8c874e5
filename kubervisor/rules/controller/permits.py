"""Who may begin to act: asked by many threads, answered one after the other, so that two do not
take the last place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from kubervisor.rules.controller.remembered import Key
from kubervisor.rules.decision.budget import Limits, Spent, spending
from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.facts import Permission
from kubervisor.rules.decision.permit import permit


class Permits:
    """Of one step of the loop; a permission holds a place until it is given back."""

    def __init__(self, stakes: Callable[[], Iterable[Stake]], limits: Limits, now: float) -> None:
        """`stakes` are those of all rules in all objects, as they are stored."""
        self._stakes, self._limits, self._now = stakes, limits, now
        self._lock = threading.Lock()
        self._spent: Spent | None = None
        self._held: dict[Key, str] = {}

    def ask(self, one: Stake, on_object: Callable[[], Iterable[Stake]]) -> Permission:
        """Whether it may begin now; if so a place is held for it."""
        with self._lock:
            if self._spent is None:
                self._spent = spending(self._stakes(), self._now)
            spent = self._spent
            for namespace in self._held.values():
                spent = spent.with_one(namespace)
            permission = permit(one, on_object(), spent, self._limits, self._now)
            if permission.reason is None:
                self._held[one.policy.uid, one.object.uid] = one.object.namespace
            return permission

    def give_back(self, key: Key) -> None:
        """It has not begun."""
        with self._lock:
            self._held.pop(key, None)
