"""Crawls one source on a thread of its own."""

from __future__ import annotations

import threading

from kubervisor.datarollout.repository.crawler import Crawler
from kubervisor.runtime.threads import start_thread


class Crawl:
    """Begun once made. No more than `slots` admit are under way at the same moment."""

    def __init__(self, crawler: Crawler, slots: threading.BoundedSemaphore) -> None:
        self.crawler, self._slots = crawler, slots
        self._ended = threading.Event()
        self._thread = start_thread(f"source {crawler.spec.name}", self._run)

    @property
    def is_ending(self) -> bool:
        return self._ended.is_set()

    def end(self) -> None:
        """Begin no other look; returns at once."""
        self._ended.set()

    def has_ended(self, seconds: float = 0) -> bool:
        """Whether no look is under way any more, at most `seconds` from now."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait = 0.0
        while not self._ended.wait(wait):
            with self._slots:
                if not self._ended.is_set():
                    wait = self.crawler.crawl()
