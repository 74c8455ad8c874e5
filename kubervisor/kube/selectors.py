"""Which selectors match a set of labels, at a cost that does not grow with their number."""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Mapping
from typing import Generic, TypeVar

from kubervisor.kube.seqlock import SeqLock

K = TypeVar("K", bound=Hashable)

_Pair = tuple[str, str, str]  # namespace, label, value


class SelectorIndex(Generic[K]):
    """Selectors by key, each filed under the one of its pairs that fewest others are filed under.

    Labels are compared as they are given: leave our traffic key out of the selector, or have it in
    the labels. An empty selector matches nothing, as an empty Service selector does.
    """

    def __init__(self) -> None:
        self._lock = SeqLock()
        self._selectors: dict[K, tuple[str, dict[str, str]]] = {}
        self._filed_under: dict[K, _Pair] = {}
        self._drawers: dict[_Pair, tuple[tuple[K, ItemsView[str, str]], ...]] = {}

    def add(self, key: K, namespace: str, selector: Mapping[str, str]) -> None:
        """Let `key` select `selector` in `namespace`, in place of what it selected before."""
        wanted = dict(selector)
        with self._lock:
            if self._selectors.get(key) == (namespace, wanted):
                return
            self._remove(key)
            if not wanted:
                return
            pairs = [(namespace, label, value) for label, value in wanted.items()]
            pair = min(pairs, key=lambda p: len(self._drawers.get(p, ())))
            self._selectors[key] = (namespace, wanted)
            self._filed_under[key] = pair
            self._drawers[pair] = (*self._drawers.get(pair, ()), (key, wanted.items()))

    def remove(self, key: K) -> None:
        """Forget `key`; nothing happens where it is not known."""
        with self._lock:
            self._remove(key)

    def matching(self, namespace: str, labels: Mapping[str, str]) -> tuple[K, ...]:
        """Return the keys whose selector the labels fulfil; no order is promised."""
        return tuple(self._lock.read(self._matching, namespace, labels.items()))

    def _matching(self, namespace: str, have: ItemsView[str, str]) -> list[K]:
        return [
            key
            for label, value in have
            for key, wanted in self._drawers.get((namespace, label, value), ())
            if wanted <= have
        ]

    def _remove(self, key: K) -> None:
        self._selectors.pop(key, None)
        pair = self._filed_under.pop(key, None)
        if pair is not None:
            rest = tuple(filed for filed in self._drawers[pair] if filed[0] != key)
            if rest:
                self._drawers[pair] = rest
            else:
                del self._drawers[pair]
