"""Starts every thread of the process: named, daemonic, with a stack that deep JSON cannot
overflow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

STACK_BYTES = 8 * 2**20
"""Explicit, because some C libraries default to far less, and CPython 3.13.0 segfaults on nested
JSON in threads of 1 MiB and below. It is virtual memory: an idle thread costs about 15 KiB."""


def start_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """The started thread. Raises RuntimeError where the process may not have more threads."""
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
