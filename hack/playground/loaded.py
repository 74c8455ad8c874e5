"""Programs of `kubervisor` that start without loading it: forks of a process which has.

    python loaded.py FD        the template; it is asked on the socket FD

To load the program takes a second of a processor, and tests start it by the hundred. One template
for each process that tests loads it once. Asked with two ends of pipes, it forks a supervisor that
reads and answers there. To that one, `python -m NAME …` is a fork of itself that runs the module as
Python would, and all else a program as always. The rest is as in `playground.processes`: each group
has a supervisor and a folder of its own, and what was said of their ends holds.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

if not __package__:  # it is run as a script
    sys.path[0] = str(Path(__file__).parents[1])

from playground import supervisor
from playground.forking import Forking
from playground.processes import Processes

PYTHON = [sys.executable, "-m"]
LOADED = (
    "kubervisor.app",
    "kubervisor.data_app",
    "kubervisor.rules_app",
    "kubervisor.watchdog_app",
    "kubervisor.workflow_app",
    "kubervisor.cli.data_repository",
    "kubervisor.cli.run",
    "kubernetes.client",
    "kubernetes.config",
)


class Loaded(Processes):
    """A group of child processes, of which those of Python modules are spared the loading."""

    def _supervise(self) -> tuple[IO[str], IO[str], Callable[[], object]]:
        asked, requests = os.pipe()
        answers, answered = os.pipe()
        try:
            _TEMPLATE.fork(asked, answered)
        finally:
            os.close(asked)
            os.close(answered)
        told = os.fdopen(answers)
        # No child has its end of the pipe: it is closed when the supervisor has ended.
        return os.fdopen(requests, "w"), told, told.read


class _Template:
    """The process that is forked; started when first asked, gone with the one that asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asks: socket.socket | None = None

    def fork(self, asked: int, answered: int) -> None:
        """Have a supervisor that reads and writes there."""
        with self._lock:
            if self._asks is None:
                self._asks = self._start()
            socket.send_fds(self._asks, [b"?"], [asked, answered])

    def _start(self) -> socket.socket:
        asks, asked = socket.socketpair()
        with asked:
            process = subprocess.Popen(
                [sys.executable, __file__, str(asked.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[asked.fileno()],
                start_new_session=True,
                # A thread of a library would not be there after the fork.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        atexit.register(_end, process, asks)
        return asks


def _end(process: subprocess.Popen[bytes], asks: socket.socket) -> None:
    asks.close()
    process.wait()


_TEMPLATE = _Template()


class _Modules(Forking):
    """Starts forks for Python's modules, and programs for all else."""

    def start(self, name: str, argv: list[str], env: dict[str, str]) -> dict[str, Any]:
        # What an environment tells Python itself, only a start of Python can heed.
        if argv[:2] == PYTHON and _for_python(env) == _for_python(os.environ):
            return super().start(name, argv[2:], env)
        return supervisor.Children.start(self, name, argv, env)

    def _run(self, argv: list[str]) -> None:
        module, *sys.argv[1:] = argv
        sys.path[0] = str(Path.cwd())
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        finally:
            # As Python ends: it waits for threads, then does what was put off to the end.
            threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
            atexit._run_exitfuncs()  # noqa: SLF001


def _for_python(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith("PYTHON")}


def _serve(asks: socket.socket) -> None:
    """Fork a supervisor whenever asked, until nobody is left to ask."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for a supervisor
    while fds := socket.recv_fds(asks, 1, 2)[1]:
        if os.fork() == 0:
            asks.close()
            _supervise(fds)
        for fd in fds:
            os.close(fd)


def _supervise(fds: list[int]) -> None:
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for stream, fd in enumerate(fds):
            os.dup2(fd, stream)
            os.close(fd)
        with suppress(BrokenPipeError):
            supervisor.main(_Modules)
        sys.stdout.flush()
    finally:
        os._exit(0)


if __name__ == "__main__":
    for one in LOADED:
        importlib.import_module(one)
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
