"""Which selectors match a set of labels, at a cost that does not grow with their number."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_Pair = tuple[str, str, str]  # namespace, label, value


class SelectorIndex(Generic[K]):
    """Selectors by key, each filed under the one of its pairs that fewest others are filed under.

    Labels are compared as they are given: leave our traffic key out of the selector, or have it in
    the labels. An empty selector matches nothing, as an empty Service selector does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._selectors: dict[K, tuple[str, Mapping[str, str]]] = {}
        self._filed_under: dict[K, _Pair] = {}
        self._drawers: dict[_Pair, dict[K, None]] = {}

    def add(self, key: K, namespace: str, selector: Mapping[str, str]) -> None:
        """Let `key` select `selector` in `namespace`, in place of what it selected before."""
        with self._lock:
            self._remove(key)
            if not selector:
                return
            pairs = [(namespace, label, value) for label, value in selector.items()]
            pair = min(pairs, key=lambda p: len(self._drawers.get(p, ())))
            self._selectors[key] = (namespace, dict(selector))
            self._filed_under[key] = pair
            self._drawers.setdefault(pair, {})[key] = None

    def remove(self, key: K) -> None:
        """Forget `key`; nothing happens where it is not known."""
        with self._lock:
            self._remove(key)

    def matching(self, namespace: str, labels: Mapping[str, str]) -> tuple[K, ...]:
        """Return the keys whose selector the labels fulfil; no order is promised."""
        have = labels.items()
        with self._lock:
            return tuple(
                key
                for label, value in have
                for key in self._drawers.get((namespace, label, value), ())
                if self._selectors[key][1].items() <= have
            )

    def _remove(self, key: K) -> None:
        self._selectors.pop(key, None)
        pair = self._filed_under.pop(key, None)
        if pair is not None:
            drawer = self._drawers[pair]
            del drawer[key]
            if not drawer:
                del self._drawers[pair]
