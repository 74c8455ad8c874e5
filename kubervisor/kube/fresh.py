"""What we know of objects beyond what the watch has shown: our own writes, and what we read since.

A decision that is made of what was before our last write would make that write again, for another
pod maybe.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from kubervisor.kube.caches import Record

T = TypeVar("T", bound=Record)


class Fresh(Generic[T]):
    """By uid; thread-safe. An object in doubt must be read again before anything is decided."""

    def __init__(self, version: Callable[[T], str], *, begins: bool = False) -> None:
        """`version` is an object's resourceVersion. With `begins` an object may be noted before the
        watch shows it for the first time.
        """
        self._version, self._begins = version, begins
        self._lock = threading.Lock()
        self._noted: dict[str, T] = {}
        self._doubtful: dict[str, T] = {}

    def note(self, record: T) -> None:
        """It is stored like this."""
        with self._lock:
            self._doubtful.pop(record.uid, None)
            self._noted[record.uid] = self._newer(self._noted.get(record.uid), record)

    def doubt(self, record: T) -> None:
        """Nobody knows how it is stored."""
        with self._lock:
            self._doubtful[record.uid] = record

    def forget(self, record: T) -> None:
        """It is gone."""
        with self._lock:
            self._doubtful.pop(record.uid, None)
            self._noted.pop(record.uid, None)

    def doubtful(self) -> tuple[T, ...]:
        """Those in doubt."""
        with self._lock:
            return tuple(self._doubtful.values())

    def is_doubtful(self, uid: str) -> bool:
        """Whether that one is in doubt."""
        with self._lock:
            return uid in self._doubtful

    def over(self, shown: Iterable[T]) -> list[T]:
        """The objects as they are: what the watch has `shown`, and in its place what is newer."""
        found = {record.uid: record for record in shown}
        with self._lock:
            for uid, noted in tuple(self._noted.items()):
                if uid in found:
                    found[uid] = self._newer(found[uid], noted)
                    if found[uid] is not noted:
                        del self._noted[uid]
                elif self._begins:
                    # New, or gone already: the next look asks.
                    found[uid] = self._doubtful[uid] = noted
                else:
                    del self._noted[uid]
            for uid in self._doubtful.keys() - found.keys():
                del self._doubtful[uid]
        return list(found.values())

    def _newer(self, one: T | None, other: T) -> T:
        """The newer of two; of equals the first."""
        return other if one is None or self._number(other) > self._number(one) else one

    def _number(self, record: T) -> int:
        version = self._version(record)
        return int(version) if version.isdigit() else 0
