"""What the `--watch` of a command is made of: the events of a kind, and lines under one header."""

from __future__ import annotations

import os
import select
import subprocess
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NoReturn, TypeVar

from kubectl_kubervisor import table
from kubectl_kubervisor.errors import Refused
from kubectl_kubervisor.kubectl import Kubectl, documents, refusal
from kubectl_kubervisor.objects import Json, mapping
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import wants_colour

CHUNK = 65536
AGAIN_SECONDS = 1.0
"""Between a watch that the server ended and the next one."""
T = TypeVar("T")
Key = tuple[str, str]
"""Namespace and name."""


class Lines(Generic[T]):
    """Lines under `headers`, one for each change of a thing; columns never get narrower.

    `row` has the cells of a thing at an instant, in Unix seconds.
    """

    def __init__(
        self, headers: Sequence[str], row: Callable[[T, float], list[str]], *, show_headers: bool
    ) -> None:
        self._headers, self._row, self._show = list(headers), row, show_headers
        self._widths = [len(name) for name in headers]
        self._printed: dict[Key, list[str]] = {}

    def told(self, what: str, key: Key, one: T) -> None:
        """Print a line where the event `what` brings other news than ages.

        Should a thing that is deleted come again, it is new.
        """
        if what == "DELETED":
            self._printed.pop(key, None)
            return
        timeless = self._row(one, 0.0)
        if self._printed.get(key) != timeless:
            self._printed[key] = timeless
            self._print(self._row(one, time.time()))

    def _print(self, cells: list[str]) -> None:
        self._widths = [max(width, len(c)) for width, c in zip(self._widths, cells, strict=True)]
        say(
            table.render(
                self._padded(self._headers),
                [self._padded(cells)],
                show_headers=self._show,
                colour=wants_colour(),
            )
        )
        self._show = False

    def _padded(self, cells: Sequence[str]) -> list[str]:
        return [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)]


def follow(
    kubectl: Kubectl,
    asked: Sequence[Sequence[str]],
    told: Callable[[str, Json], None],
    *,
    everywhere: bool = False,
) -> NoReturn:
    """Hand type and object of each event to `told`, until interrupted. Raises Refused."""
    while True:
        for what, body in events(kubectl, asked, None, everywhere=everywhere):
            told(what, body)
        time.sleep(AGAIN_SECONDS)  # the server ended a watch


def events(
    kubectl: Kubectl,
    asked: Sequence[Sequence[str]],
    deadline: float | None,
    *,
    everywhere: bool = False,
) -> Iterator[tuple[str, Json]]:
    """Type and object of each event of watches beside one another, one for each that is `asked`,
    until the server ends one of them or the time is over. Raises Refused where kubectl failed.
    """
    scope = ["--all-namespaces"] if everywhere else kubectl.scope
    form = ("--watch", "--output-watch-events", "--output=json")
    watches: list[_Watch] = []
    try:
        watches.extend(_Watch(kubectl.stream("get", *words, *scope, *form)) for words in asked)
        while ready := _readable(watches, deadline):
            for watch in ready:
                found = watch.read()
                if found is None:
                    return
                for event in found:
                    yield str(event.get("type")), dict(mapping(event.get("object")))
    finally:
        for watch in watches:
            watch.end()


class _Watch:
    """A kubectl that watches, and what of its answer is no whole document yet."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._process, self._pipe = process, process.stdout
        self._decoder, self._pending = getincrementaldecoder("utf-8")("replace"), ""

    def fileno(self) -> int:
        """For `select`."""
        return self._pipe.fileno()

    def read(self) -> list[Json] | None:
        """The documents that are whole now; None at the end. Raises Refused where it failed."""
        chunk = os.read(self.fileno(), CHUNK)
        if not chunk:
            if self._process.wait():
                assert self._process.stderr is not None
                said = self._process.stderr.read().decode("utf-8", "replace")
                raise Refused(refusal(said))
            return None
        self._pending += self._decoder.decode(chunk)
        found, done = [], 0
        for event, end in documents(self._pending):
            done = end
            found.append(event)
        self._pending = self._pending[done:]
        return found

    def end(self) -> None:
        """End it; nothing of it is left."""
        self._process.kill()
        self._process.communicate()


def _readable(watches: Sequence[_Watch], deadline: float | None) -> list[_Watch]:
    """Those that have something to read; none when the time is over."""
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    return select.select(watches, [], [], left)[0]
