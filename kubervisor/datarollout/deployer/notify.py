"""Tells the application that its data has changed: by a signal, or by a request to itself."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from kubervisor.datarollout.deployer.problems import NotificationFailed
from kubervisor.datarollout.versions import Version

NOTIFY_SECONDS = 10.0

Notify = Callable[[str, Version], None]
"""Tells the application that it has this version under this name. Raises NotificationFailed; to
repeat it is always right.
"""


def by_signal(number: signal.Signals, process: str, proc: Path = Path("/proc")) -> Notify:
    """Send the signal to the process of that name, and of several to those whose parent is none of
    them: what it passes on to its workers is its own business.
    """

    def notify(_name: str, _version: Version) -> None:
        found = {pid: parent for pid, parent, names in _processes(proc) if process in names}
        chosen = [pid for pid, parent in found.items() if parent not in found]
        if not chosen:
            raise NotificationFailed(
                f"no process is called {process!r}: does the pod set shareProcessNamespace?"
            )
        for pid in chosen:
            try:
                os.kill(pid, number)
            except OSError as error:
                raise NotificationFailed(
                    f"{number.name} cannot be sent to {process!r}: {error.strerror}; run both as "
                    "the same user"
                ) from error

    return notify


def by_request(url: str) -> Notify:
    """POST name and version as JSON to `url`, which `checked_loopback` let pass; 2xx is success."""
    pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False)

    def notify(name: str, version: Version) -> None:
        told = {"name": name, "path": version.path, "sha256": version.sha256}
        try:
            answer = pool.request(
                "POST",
                url,
                body=json.dumps(told).encode(),
                headers={"Content-Type": "application/json"},
                timeout=urllib3.Timeout(total=NOTIFY_SECONDS),
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            raise NotificationFailed(
                f"the application does not answer at {url} ({type(error).__name__})"
            ) from error
        answer.close()  # its status says it all
        if not 200 <= answer.status < 300:
            raise NotificationFailed(f"the application answered HTTP {answer.status} at {url}")

    return notify


def checked_loopback(url: str) -> str:
    """`url` where it is the pod's own. Raises ValueError that says what to write instead."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        is_own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_own = False
    if parts.scheme != "http" or not is_own or "@" in parts.netloc or parts.port == 0:
        raise ValueError("must be http://127.0.0.1:PORT/PATH: only the pod itself is told")
    return url


def _processes(proc: Path) -> list[tuple[int, int, set[str]]]:
    """Process id, that of the parent, and the names, of all but ourselves."""
    found = []
    for folder in proc.iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                stat = (folder / "stat").read_text(errors="replace")
                command = (folder / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            # `pid (name) state parent …`, and the name may have parentheses of its own.
            name, _, rest = stat.partition("(")[2].rpartition(")")
            first = command.partition(b"\0")[0].decode(errors="replace")
            found.append((int(folder.name), int(rest.split()[1]), {name, Path(first).name}))
    return found
