"""A supervisor whose children are forks of itself, with `kubervisor` loaded already.

    python forking.py        serves as `playground.supervisor` does

A child is a process as any other, with arguments, environment, log and end of its own; it was only
spared loading the program. A hundred start within seconds, and share what they have alike.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

if not __package__:  # it is run as a script
    sys.path[0] = str(Path(__file__).parents[1])

from kubervisor.datarollout import deployer
from playground import supervisor
from playground.processes import Processes


class Forks(Processes):
    """A group of `kubervisor` processes; what is started is given its arguments alone."""

    _SUPERVISOR: Sequence[str] = (sys.executable, __file__)


class _Forked:
    """A child, as `subprocess` would have it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            ended = os.pidfd_open(self.pid)
            try:
                if not select.select([ended], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            finally:
                os.close(ended)
        code = self.poll()
        assert code is not None
        return code


class Forking(supervisor.Children):
    """Starts forks in place of programs."""

    def start(self, name: str, argv: list[str], env: dict[str, str]) -> dict[str, Any]:
        pid = os.fork()
        if pid == 0:
            self._become(name, argv, env)
        with suppress(OSError):  # the child does so too, and may be first
            os.setpgid(pid, pid)
        self._running[name] = _Forked(pid)
        return {"pid": pid}

    def _become(self, name: str, argv: list[str], env: dict[str, str]) -> NoReturn:
        code = 1
        try:
            os.setpgid(0, 0)
            self._bind()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.chdir(self._folder)
            log = os.open(f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            for stream, to in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
                os.dup2(to, stream)
            os.environ.clear()
            os.environ.update(env)
            code = self._exit_code(argv)
        except BaseException:  # noqa: BLE001 - nothing may come back from here
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _exit_code(self, argv: list[str]) -> int:
        """Be the program until it ends."""
        try:
            self._run(argv)
        except SystemExit as ended:
            if isinstance(ended.code, str):
                print(ended.code, file=sys.stderr)
                return 1
            return ended.code or 0
        return 0

    def _run(self, argv: list[str]) -> None:
        sys.argv = ["kubervisor", *argv]
        importlib.import_module("kubervisor.cli").main()


def _load() -> None:
    """Load what the children would, once. Threads do not survive a fork, and none is started."""
    modules = [one.name for one in pkgutil.iter_modules(deployer.__path__, f"{deployer.__name__}.")]
    # The client's is what takes most, and is left until somebody connects.
    for name in (
        "kubervisor.cli.data_deployer",
        "kubernetes.client",
        "kubernetes.config",
        *modules,
    ):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load()
    with suppress(BrokenPipeError):
        supervisor.main(Forking)
