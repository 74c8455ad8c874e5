"""What was told lately of each Service, in words: bounded for each, and for all in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.largest import Largest

T = TypeVar("T")


class Lately(Generic[T]):
    """The newest `each` entries of every Service; beyond `most_bytes` the oldest entry of whoever
    takes most goes. Not thread-safe.

    `size` estimates an entry's bytes and must go on saying the same of it.
    """

    def __init__(self, size: Callable[[T], int], *, each: int, most_bytes: int) -> None:
        self._size, self._each, self._most = size, each, most_bytes
        self._entries: dict[ServiceKey, deque[T]] = {}
        self._bytes: Largest[ServiceKey] = Largest()

    @property
    def nbytes(self) -> int:
        """What all entries take, in bytes, roughly."""
        return self._bytes.total

    def add(self, key: ServiceKey, entry: T) -> None:
        """Keep `entry` as the newest of `key`."""
        entries = self._entries.setdefault(key, deque())
        if len(entries) >= self._each:
            self._drop(key)
        entries.append(entry)
        self._count(key, self._size(entry))
        while self._bytes.total > self._most:
            self._drop(self._bytes.largest())

    def of(self, key: ServiceKey) -> tuple[T, ...]:
        """The entries of `key`, oldest first."""
        return tuple(self._entries.get(key, ()))

    def forget(self, key: ServiceKey) -> None:
        """The Service is gone."""
        self._entries.pop(key, None)
        self._bytes.put(key, 0)

    def _drop(self, key: ServiceKey) -> None:
        self._count(key, -self._size(self._entries[key].popleft()))

    def _count(self, key: ServiceKey, more: int) -> None:
        self._bytes.put(key, self._bytes.size(key) + more)
