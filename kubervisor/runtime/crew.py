"""A few threads that do whatever is handed to them, started when needed, ended when idle."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from kubervisor.runtime.threads import start_thread

IDLE_SECONDS = 30.0

Job = Callable[[], None]
"""Raises nothing: its outcome is its own business."""


class Crew:
    """Does jobs in the order they come in, at most `most` at once. Thread-safe."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._threads = 0
        self._idle = 0

    def submit(self, job: Job) -> None:
        """Have it done by an idle thread, else a new one, else the next that becomes idle.

        Raises RuntimeError where the process may not have more threads; the job may yet be done,
        by a thread of before.
        """
        with self._changed:
            self._waiting.append(job)
            # Threads count as idle until they have taken a job, so this never counts one twice.
            if self._idle >= len(self._waiting):
                self._changed.notify()
                return
            if self._threads >= self._most:
                return
            self._threads += 1
        try:
            start_thread(self._name, self._work)
        except RuntimeError:
            with self._changed:
                self._threads -= 1
            raise

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # or an idle thread holds on to what it fetched last

    def _next(self) -> Job | None:
        """The next job; None once there was none for IDLE_SECONDS."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: bool(self._waiting), IDLE_SECONDS)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None
