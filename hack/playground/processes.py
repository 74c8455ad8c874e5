"""Child processes that never outlive this one, however it ends; see `playground.supervisor`."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from playground import supervisor


class ProcessFailed(RuntimeError):
    """A child could not be started or ended too early; the message holds the end of its log."""


class PortTaken(ProcessFailed):
    """A child ended because another program has its port: choose another and start again."""


def memory_mb(pid: int, field: str) -> float:
    """What proc(5) says of the memory of a process, in MB (10^6 bytes): `VmRSS` now, `VmHWM` at
    most. Raises ProcessFailed where it has ended.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    if not kilobytes:
        raise ProcessFailed(f"process {pid} has ended")
    return int(kilobytes[0]) * 1024 / 1e6


class Processes:
    """A group of named child processes and a data folder, both gone when the context ends.

    Safe to use from several threads.
    """

    _SUPERVISOR: Sequence[str] = (sys.executable, "-I", "-S", supervisor.__file__)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests, self._answers, self._gone = self._supervise()
        self.folder = Path(json.loads(self._answers.readline()))
        """Data folder of the group; each child runs in it and writes NAME.log there."""
        self.pids: dict[str, int] = {}
        """Process id by name, of those started and not stopped."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every child, remove the folder, and return when both are gone."""
        with self._lock:
            self._requests.close()
            self._gone()
            self._answers.close()
            self.pids.clear()

    def start(
        self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None
    ) -> int:
        """Start a program under a name and return its process id.

        `env` is added to this process's environment.

        Raises:
            ProcessFailed: there is no such program.
        """
        words, whole = [str(word) for word in argv], {**os.environ, **(env or {})}
        answer = self._ask(do="start", name=name, argv=words, env=whole)
        if "error" in answer:
            raise ProcessFailed(answer["error"])
        self.pids[name] = answer["pid"]
        return self.pids[name]

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end (killed after 10 s) and return the exit code."""
        code = int(self._ask(do="stop", name=name, number=int(number))["code"])
        self.pids.pop(name, None)
        return code

    def wait_ready(self, name: str, ready: Callable[[], bool], timeout: float = 60.0) -> None:
        """Return once `ready` says so, asked every 50 ms.

        Raises:
            PortTaken: the child ended, unable to listen on its port.
            ProcessFailed: the child ended for another reason, or `timeout` seconds passed.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            code = self._ask(do="poll", name=name)["code"]
            if code is not None:
                log = self._end_of_log(name)
                failure = PortTaken if "address already in use" in log else ProcessFailed
                raise failure(f"{name} ended with {code}:\n{log}")
            if time.monotonic() > deadline:
                log = self._end_of_log(name)
                raise ProcessFailed(f"{name} not ready after {timeout:g} s:\n{log}")
            time.sleep(0.05)

    def _supervise(self) -> tuple[IO[str], IO[str], Callable[[], object]]:
        """Where a new supervisor reads, where it answers, and what returns once it is gone."""
        process = subprocess.Popen(
            self._SUPERVISOR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout, process.wait

    def _end_of_log(self, name: str) -> str:
        lines = self.folder.joinpath(f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def _ask(self, **request: object) -> dict[str, Any]:
        with self._lock:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            answer: dict[str, Any] = json.loads(self._answers.readline())
            return answer


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now.

    From below the range the kernel picks from (32768 and up), so that no outgoing connection
    takes it before its owner listens, nor while its owner restarts. A program may: see `PortTaken`.
    Not from `random`, which tests seed: all their processes would choose the same.
    """
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
