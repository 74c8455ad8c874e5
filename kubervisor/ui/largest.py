"""Who takes how many bytes, and who takes most: where bytes are few, the largest gives up some."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

SLACK = 64
"""Entries on the heap beyond two for each key, until those that are out of date are thrown away."""

K = TypeVar("K", bound=Hashable)


class Largest(Generic[K]):
    """Sizes by key. Not thread-safe. Each question takes no longer however many keys there are.

    >>> sizes = Largest[str]()
    >>> sizes.put("cart", 10), sizes.put("mail", 30), sizes.put("mail", 5)
    (None, None, None)
    >>> sizes.total, sizes.largest()
    (15, 'cart')
    """

    def __init__(self) -> None:
        self._sizes: dict[K, int] = {}
        # The largest first: each key with its size, and perhaps with some that it had before. The
        # number keeps keys from being compared.
        self._heap: list[tuple[int, int, K]] = []
        self._number = count()
        self.total = 0

    def size(self, key: K) -> int:
        """What `key` takes; 0 where it is not known."""
        return self._sizes.get(key, 0)

    def put(self, key: K, size: int) -> None:
        """`key` takes so much from now on; with 0 it is forgotten."""
        before = self._sizes.pop(key, 0)
        self.total += size - before
        if size == 0:
            return
        self._sizes[key] = size
        if size != before:
            heappush(self._heap, (-size, next(self._number), key))
            self._tidy()

    def largest(self) -> K:
        """Who takes most. Raises IndexError where nobody takes anything."""
        while not self._is_so(self._heap[0]):
            heappop(self._heap)
        return self._heap[0][2]

    def _is_so(self, entry: tuple[int, int, K]) -> bool:
        return self._sizes.get(entry[2], 0) == -entry[0]

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._sizes) + SLACK:
            self._heap = [(-size, next(self._number), key) for key, size in self._sizes.items()]
            heapify(self._heap)
