"""`status --watch`: a line for each change, and with --timeout the answer whether all got Ready."""

from __future__ import annotations

import os
import select
import subprocess
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator

from kubectl_kubervisor import instants, standing, table
from kubectl_kubervisor.errors import DONE, FAILED, Refused, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl, documents, refusal
from kubectl_kubervisor.objects import Guard, guard, mapping
from kubectl_kubervisor.output import wanted
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import listed, printable, wants_colour

CHUNK = 65536
AGAIN_SECONDS = 1.0


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
            waiting = listed([str(one) for one in seen.waiting]) or name or "none found"
            warn(f"error: timed out after {printable(limit)}: not Ready: {printable(waiting)}")
            return FAILED
        time.sleep(AGAIN_SECONDS)  # the server ended the watch


class _Seen:
    """The KubervisorServices so far, and the lines printed of them."""

    def __init__(self, line: Line) -> None:
        self._wide, self._everywhere = wanted(line) == "wide", line.has("all-namespaces")
        self._headers = not line.has("no-headers")
        self._widths: list[int] = []
        self._known: dict[tuple[str, str], Guard] = {}
        self._printed: dict[tuple[str, str], list[str]] = {}

    @property
    def waiting(self) -> list[str]:
        """The names of those that are not Ready."""
        return [one.name for one in self._known.values() if not one.ready]

    @property
    def all_ready(self) -> bool:
        """Whether there is one, and every one is Ready."""
        return bool(self._known) and not self.waiting

    def told(self, event: object) -> None:
        """One event of the watch."""
        body = mapping(mapping(event).get("object"))
        if body.get("kind") != "KubervisorService":
            return
        found = guard(dict(body))
        key = found.namespace, found.name
        if mapping(event).get("type") == "DELETED":
            self._known.pop(key, None)
            self._printed.pop(key, None)
            return
        self._known[key] = found
        timeless = self._row(found, 0.0)
        if self._printed.get(key) != timeless:
            self._printed[key] = timeless
            self._print(self._row(found, time.time()))

    def _row(self, found: Guard, now: float) -> list[str]:
        return standing.row(found, now, wide=self._wide, with_namespace=self._everywhere)

    def _print(self, cells: list[str]) -> None:
        """A line under the headers, whose columns stay as wide as the first lines made them."""
        names = standing.headers(wide=self._wide, with_namespace=self._everywhere)
        widths = [max(len(a), len(b)) for a, b in zip(names, cells, strict=True)]
        self._widths = [max(a, b) for a, b in zip(widths, self._widths or widths, strict=True)]
        padded = [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)]
        titles = [name.ljust(width) for name, width in zip(names, self._widths, strict=True)]
        shown = table.render(titles, [padded], show_headers=self._headers, colour=wants_colour())
        self._headers = False
        say(shown)


def _follow_once(line: Line, name: str, seen: _Seen, deadline: float | None) -> bool:
    """One watch until it ends; True as soon as all are Ready and somebody waits for that."""
    kubectl = Kubectl(line)
    scope = ["--all-namespaces"] if line.has("all-namespaces") else kubectl.scope
    chosen = [name] if name else []
    if line.flag("selector"):
        chosen.append(f"--selector={line.flag('selector')}")
    watch = kubectl.stream(
        "get", GUARDS, *chosen, *scope, "--watch", "--output-watch-events", "--output=json"
    )
    try:
        for event in _events(watch, deadline):
            seen.told(event)
            if deadline is not None and seen.all_ready:
                return True
    finally:
        watch.kill()
        watch.communicate()
    return False


def _events(watch: subprocess.Popen[bytes], deadline: float | None) -> Iterator[object]:
    """The events until the watch ends or the time is over. Raises Refused where kubectl failed."""
    assert watch.stdout is not None
    assert watch.stderr is not None
    decoder, pending = getincrementaldecoder("utf-8")("replace"), ""
    while _readable(watch.stdout.fileno(), deadline):
        chunk = os.read(watch.stdout.fileno(), CHUNK)
        if not chunk:
            if watch.wait():
                raise Refused(refusal(watch.stderr.read().decode("utf-8", "replace")))
            return
        pending += decoder.decode(chunk)
        done = 0
        for event, end in documents(pending):
            done = end
            yield event
        pending = pending[done:]


def _readable(stream: int, deadline: float | None) -> bool:
    """True when there is something to read; False when the time is over."""
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    return bool(select.select([stream], [], [], left)[0])
