"""The process that owns the children of a test run and ends them when that run is gone.

It holds the reading end of a pipe whose writing end only its client has. Whatever ends the client,
the pipe closes, and the supervisor kills every child and removes the data folder. It sits in a
session of its own, so a Ctrl-C in the terminal does not reach it. Should it be killed itself, the
kernel kills its children (PR_SET_PDEATHSIG, tied to the thread that forks: here there is one only).

Requests and answers are JSON lines on stdin and stdout: the first answer is the data folder, then
one answer per request {"do": "start" | "stop" | "poll", "name": …}. Standard library only; it is
run as a script.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

PR_SET_PDEATHSIG = 1
"""Of <sys/prctl.h>: the signal this process gets when its parent thread ends."""

PATIENCE = 10.0
"""Seconds a child may take to end before it is killed."""


def die_with(parent: int) -> Callable[[], None]:
    """What a child does before it becomes the program: bind its life to that of `parent`."""
    libc = ctypes.CDLL(None, use_errno=True)

    def bind() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return bind


class Child(Protocol):
    """A process that this one started, and the leader of a group of its own."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def poll(self) -> int | None:
        """Its exit code once it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """The same, waiting for it. Raises subprocess.TimeoutExpired."""


class Children:
    """The child processes by name; their output goes to NAME.log in the folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._running: dict[str, Child] = {}
        self._bind = die_with(os.getpid())

    def start(self, name: str, argv: list[str], env: dict[str, str]) -> dict[str, Any]:
        with Path(self._folder, f"{name}.log").open("ab") as log:
            try:
                child = subprocess.Popen(
                    argv,
                    cwd=self._folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=self._bind,  # noqa: PLW1509 - no other thread runs here
                )
            except OSError as error:
                return {"error": f"{argv[0]} cannot be started: {error}"}
        self._running[name] = child
        return {"pid": child.pid}

    def stop(self, name: str, number: int) -> dict[str, Any]:
        child = self._running[name]
        if child.poll() is None:
            os.killpg(child.pid, number)
            os.killpg(child.pid, signal.SIGCONT)  # a stopped process would not see it
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        return {"code": child.wait()}

    def poll(self, name: str) -> dict[str, Any]:
        return {"code": self._running[name].poll()}

    def kill_all(self) -> None:
        for child in self._running.values():
            # By group, and also where the child itself has ended: its own children may not have.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        for child in self._running.values():
            child.wait()


def main(kind: type[Children] = Children) -> None:
    """Serve requests until the pipe closes, then leave nothing behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = tempfile.mkdtemp(prefix="kubervisor-playground-")
    children = kind(folder)
    try:
        print(json.dumps(folder), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            answer = getattr(children, request.pop("do"))(**request)
            print(json.dumps(answer), flush=True)
    finally:
        children.kill_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    # An answer nobody reads any more: the client is gone and all is cleared already.
    with contextlib.suppress(BrokenPipeError):
        main()
