"""Waiting for what another thread or the API server does, with a deadline instead of a guess."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE = 20.0


def until(condition: Callable[[], object], what: str) -> None:
    """Return as soon as `condition` holds. Fails after `PATIENCE` seconds, naming `what`."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {PATIENCE} s: {what}")
        pause.wait(0.01)
