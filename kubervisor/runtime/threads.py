"""Starts every thread of the process: named, daemonic, with a stack that deep JSON cannot
overflow.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

STACK_BYTES = 8 * 2**20
"""Explicit, because some C libraries default to far less, and CPython 3.13.0 segfaults on nested
JSON in threads of 1 MiB and below. It is virtual memory, of which a thread at rest uses 8 KiB."""

SWITCH_SECONDS = 0.001
"""After so long a thread that works lets another go on. With the usual 5 ms, 1,500 Services beside
a watch of 2,000 events a second are judged four times as late (p99), and nothing is won.
"""


def settle() -> None:
    """Let all threads take short turns."""
    sys.setswitchinterval(SWITCH_SECONDS)


def start_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """The started thread. Raises RuntimeError where the process may not have more threads."""
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
