"""A controller that is killed right after its first write, and started again, over and over.

`python -m tests.rules.crashing FLAG…`, with the flags of `kubervisor run --capability rules`; each
start is told on standard output, with the write that ended the one before. Writes are requests that
change an object; Leases and Events are none.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from kubervisor.cli import main
from kubervisor.kube.client import Api
from kubervisor.telemetry import logs

_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_NONE = ("/leases", "/events")


def die_after_the_first_write() -> None:
    """Have this process end as with `kill -9` once it has written: before anybody knows."""
    request: Callable[..., bytes] = Api.request

    def once(api: Api, method: str, path: str, **asked: Any) -> bytes:
        answer = request(api, method, path, **asked)
        if method in _WRITES and not any(part in path for part in _NONE):
            os.write(1, f"{method} {path}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Api, "request", once)  # noqa: B010 - mypy takes no assignment


def run(flags: list[str]) -> None:
    """Start it again until it is told to stop."""
    child = 0

    def stop(*_: object) -> None:
        if child:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            die_after_the_first_write()
            main(["run", "--capability=rules", *flags])
        os.write(1, b"started\n")
        os.waitpid(child, 0)


if __name__ == "__main__":
    # Imported before the first fork: a start costs no second then.
    from kubervisor import rules_app  # noqa: F401

    logs.set_up(level="error", form="json")
    run(sys.argv[1:])
