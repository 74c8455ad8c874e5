"""The signals by which a process is told to end, and how one that has many threads notices."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kubervisor.runtime.threads import start_thread

ENDING = frozenset({signal.SIGTERM, signal.SIGINT})


@contextmanager
def stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """Set `stop` at any of ENDING meanwhile. Enter it on the main thread.

    Python runs handlers on the main thread, and does not wake it where another thread was given the
    signal (a thread that starts a thread is given none), or where it came just before a wait began.
    What any thread writes at once, a thread of our own reads. A handler could not set `stop`
    anyhow: it may have interrupted who holds the lock that this takes.
    """
    told, tell = socket.socketpair()

    def heed() -> None:
        with told:
            while number := told.recv(1):
                if number[0] in ENDING:
                    stop.set()

    with tell:
        tell.setblocking(False)
        signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, lambda *_: None)
        start_thread("signals", heed)
        yield
        signal.set_wakeup_fd(-1)
