"""An operator that is killed right after its first write, and started again, over and over.

`python -m tests.workflow.engine.crashing KIND FLAG…`; each start is told on standard output, with
the write that ended the one before. A write is a request that has changed an object; Events and
Leases are none, and neither is an output that is applied again as it is.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from kubervisor.errors import NotFound
from kubervisor.kube.client import Api
from kubervisor.workflow_app import main
from tests.workflow.engine.errands import operator

_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_NONE = ("/events", "/leases")


def die_after_the_first_write() -> None:
    """Have this process end as with `kill -9` once it has written: before anybody knows."""
    request: Callable[..., bytes] = Api.request

    def version(api: Api, path: str) -> str:
        try:
            return _version(request(api, "GET", path.removesuffix("/status")))
        except NotFound:
            return ""

    def once(api: Api, method: str, path: str, **asked: Any) -> bytes:
        if method not in _WRITES or any(part in path for part in _NONE):
            return request(api, method, path, **asked)
        before = version(api, path)
        answer = request(api, method, path, **asked)
        if method != "PATCH" or _version(answer) != before:
            os.write(1, f"{method} {path}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Api, "request", once)  # noqa: B010 - mypy takes no assignment


def _version(body: bytes) -> str:
    found: str = json.loads(body)["metadata"]["resourceVersion"]
    return found


def run(kind: str, flags: list[str]) -> None:
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
            main(operator(kind), flags)
        os.write(1, b"started\n")
        os.waitpid(child, 0)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
