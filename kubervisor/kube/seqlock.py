"""Reading what another thread changes now and then, without waiting for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class SeqLock:
    """`with` it, values change; meanwhile readers wait, otherwise they look without a lock.

    A thread that holds a lock and loses its turn stops all who read; so a reader holds none, and
    looks again under the lock where something changed while it looked. What it looks at must be
    immutable, or be asked with single calls such as `dict.get`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changes = 0  # odd while one is being made

    def __enter__(self) -> None:
        self._lock.acquire()
        self._changes += 1

    def __exit__(self, *_: object) -> None:
        self._changes += 1
        self._lock.release()

    def read(self, look: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what `look` finds, as it is between two changes."""
        before = self._changes
        if before % 2 == 0:
            found = look(*args, **kwargs)
            if self._changes == before:
                return found
        with self._lock:
            return look(*args, **kwargs)
