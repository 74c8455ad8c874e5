"""A Kubervisor controller as a process, against any cluster: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.error import URLError
from urllib.request import urlopen

from playground.processes import PortTaken, Processes, free_port, memory_mb

Line = dict[str, Any]
"""One JSON log line."""

_POLL = 0.02
_ATTEMPTS = 5


class Controller:
    """`kubervisor run` until closed; ready (caches synced) on return from the constructor.

    Sources on loopback are allowed. `flags` are added to the command, `env` to its environment.

    Attributes:
        address: host:port of its page of metrics.
        dashboard: host:port of its dashboard, which stays the same when it is started again.
        group: makes the group of processes in which it runs.
    """

    group: ClassVar[Callable[[], Processes]] = Processes

    def __init__(self, kubeconfig: Path, *flags: str, env: dict[str, str] | None = None) -> None:
        self._kubeconfig, self._flags, self._env = kubeconfig, flags, env or {}
        self._processes = type(self).group()
        self._log = self._processes.folder / "controller.log"
        self.dashboard = f"127.0.0.1:{free_port()}"
        try:
            self._start()
        except BaseException:
            self._processes.close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._processes.pids["controller"]

    def lines(self) -> list[Line]:
        """Every log line so far of the process that runs or ran last."""
        if not self._log.exists():
            return []
        return [_parsed(line) for line in self._log.read_text(errors="replace").splitlines()]

    def follow(self, stop: threading.Event) -> Iterator[Line]:
        """Every log line as it comes, until `stop` is set."""
        with self._log.open(errors="replace") as log:
            partial = ""
            while not stop.is_set():
                partial += log.readline()
                if partial.endswith("\n"):
                    yield _parsed(partial)
                    partial = ""
                else:
                    stop.wait(_POLL)

    def wait_line(self, so: Callable[[Line], bool], timeout: float, what: str) -> Line:
        """The first line that `so` accepts. Raises TimeoutError, naming `what` was awaited."""
        stop = threading.Event()
        timer = threading.Timer(timeout, stop.set)
        timer.start()
        try:
            for line in self.follow(stop):
                if so(line):
                    return line
        finally:
            timer.cancel()
        raise TimeoutError(f"no log line within {timeout} s: {what}")

    def page(self, path: str) -> str:
        """What it answers at a path: /metrics, /livez, /readyz."""
        with urlopen(f"http://{self.address}{path}", timeout=5) as answer:
            body: bytes = answer.read()
            return body.decode()

    def metric(self, sample: str) -> float:
        """The value of one sample, by name and labels as the page shows them; 0 where absent."""
        for line in self.page("/metrics").splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        return 0.0

    def resident_mb(self) -> float:
        """Resident memory in MB (10^6 bytes). Raises ProcessFailed where it has ended."""
        return memory_mb(self.pid, "VmRSS")

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP and SIGCONT freeze and wake it."""
        os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it with a signal and return its exit code."""
        return self._processes.stop("controller", number)

    def restart(self) -> None:
        """Start it again after `stop`, with the same flags; the log goes on."""
        self._start()

    def close(self) -> None:
        """End it and remove its log."""
        self._processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        for attempt in range(_ATTEMPTS):
            self.address = f"127.0.0.1:{free_port()}"
            if attempt:
                self.dashboard = f"127.0.0.1:{free_port()}"
            try:
                self._processes.start("controller", self._command(), self._env)
                self._processes.wait_ready("controller", self._is_ready, timeout=30)
            except PortTaken:
                continue
            return
        raise PortTaken("the controller found no free port")

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kubervisor", "run"),
            f"--kubeconfig={self._kubeconfig}",
            f"--listen={self.address}",
            f"--dashboard-listen={self.dashboard}",
            "--allow-source=127.0.0.1:*",
            "--log-format=json",
            *self._flags,
        ]

    def _is_ready(self) -> bool:
        try:
            return self.page("/readyz").startswith("ok")
        except (URLError, OSError):
            return False


def _parsed(line: str) -> Line:
    try:
        parsed: Line = json.loads(line)
    except ValueError:
        return {"event": line.rstrip(), "level": "raw"}
    return parsed
