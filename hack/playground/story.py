"""What a demo tells, line by line, and what a controller adds to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playground.controller import Controller, Line


class Story:
    """Tells what happens, with the seconds since the start of the story."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._told: set[tuple[object, object]] = set()
        self._changed = threading.Condition()

    def say(self, text: str) -> None:
        """Print one line at once."""
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def tell(self, line: Line) -> None:
        """Print what the controller did to a pod, or was kept from doing."""
        event = str(line.get("event", ""))
        did, was_kept = event.endswith(" pod"), event == "Deferred eviction"
        if not (did and line["level"] == "info") and not was_kept:
            return
        self.say(f"kubervisor  {event} {line['pod']}: {_why(line)}")
        with self._changed:
            self._told.add((line["event"], line["pod"]))
            self._changed.notify_all()

    def wait_told(self, event: str, pod: str, within: float = 10) -> None:
        """Return once the controller told that: its log may come after what others see of it."""
        with self._changed:
            if not self._changed.wait_for(lambda: (event, pod) in self._told, within):
                raise TimeoutError(f"the controller did not tell: {event} {pod}")


def _why(line: Line) -> object:
    if "says" in line:
        return f"watchdog {line['watchdog']} says {line['says']}: {line['message']}"
    return line.get("evidence") or line.get("why")


@contextmanager
def telling(story: Story, controller: Controller) -> Iterator[None]:
    """Print what the controller does as it does it."""
    stop = threading.Event()

    def tell() -> None:
        for line in controller.follow(stop):
            story.tell(line)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        stop.set()
        teller.join()
