"""`status --watch`: a line for each change, and with --timeout the answer whether all got Ready."""

from __future__ import annotations

import time

from kubectl_kubervisor import instants, standing
from kubectl_kubervisor.columns import lines_of
from kubectl_kubervisor.errors import DONE, FAILED, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import AGAIN_SECONDS, Key, events
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import Guard, Json, guard
from kubectl_kubervisor.output import wanted
from kubectl_kubervisor.say import warn
from kubectl_kubervisor.text import listed, printable


def follow(line: Line, name: str) -> int:
    """Follow until interrupted; with --timeout until all are Ready (0) or it is over (1)."""
    if wanted(line) not in ("table", "wide"):
        raise UsageError("--watch prints tables: leave -o out, or write -o wide")
    limit = line.flag("timeout")
    deadline = time.monotonic() + instants.seconds(limit) if limit else None
    seen = _Seen(line)
    while True:
        if _follow_once(line, name, seen, deadline):
            return DONE
        if deadline is not None and time.monotonic() >= deadline:
            waiting = listed([str(one) for one in seen.waiting]) or name or "none seen"
            warn(f"error: timed out after {printable(limit)}: not Ready: {printable(waiting)}")
            return FAILED
        time.sleep(AGAIN_SECONDS)  # the server ended the watch


class _Seen:
    """The KubervisorServices so far, and the lines printed of them."""

    def __init__(self, line: Line) -> None:
        self._lines = lines_of(standing, line)
        self._known: dict[Key, Guard] = {}

    @property
    def waiting(self) -> list[str]:
        """The names of those that are not Ready."""
        return [one.name for one in self._known.values() if not one.ready]

    @property
    def all_ready(self) -> bool:
        """Whether there is one, and every one is Ready."""
        return bool(self._known) and not self.waiting

    def told(self, what: str, body: Json) -> None:
        """One event of the watch."""
        if body.get("kind") != "KubervisorService":
            return
        found = guard(body)
        key = found.namespace, found.name
        if what == "DELETED":
            self._known.pop(key, None)
        else:
            self._known[key] = found
        self._lines.told(what, key, found)


def _follow_once(line: Line, name: str, seen: _Seen, deadline: float | None) -> bool:
    """One watch until it ends; True as soon as all are Ready and somebody waits for that."""
    kubectl, everywhere = Kubectl(line), line.has("all-namespaces")
    asked = [(GUARDS, *([name] if name else []), *kubectl.selected)]
    for what, body in events(kubectl, asked, deadline, everywhere=everywhere):
        seen.told(what, body)
        if deadline is not None and seen.all_ready:
            return True
    return False
