"""What the `--watch` of a command is made of: the events of a kind, and lines under one header."""

from __future__ import annotations

import os
import select
import subprocess
import time
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence

from kubectl_kubervisor import table
from kubectl_kubervisor.errors import Refused
from kubectl_kubervisor.kubectl import Kubectl, documents, refusal
from kubectl_kubervisor.objects import Json, mapping
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import wants_colour

CHUNK = 65536
AGAIN_SECONDS = 1.0
"""Between a watch that the server ended and the next one."""
Key = tuple[str, str]
"""Namespace and name."""


class Lines:
    """Lines under `headers`, one for each change of a thing; columns never get narrower."""

    def __init__(self, headers: Sequence[str], *, show_headers: bool) -> None:
        self._headers, self._show = list(headers), show_headers
        self._widths = [len(name) for name in headers]
        self._printed: dict[Key, list[str]] = {}

    def changed(self, key: Key, timeless: list[str], cells: list[str]) -> None:
        """Print `cells` where `timeless`, the same without ages, is new."""
        if self._printed.get(key) == timeless:
            return
        self._printed[key] = timeless
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

    def gone(self, key: Key) -> None:
        """Should it come again, it is new."""
        self._printed.pop(key, None)

    def _padded(self, cells: Sequence[str]) -> list[str]:
        return [cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)]


def events(
    kubectl: Kubectl, words: Sequence[str], deadline: float | None, *, everywhere: bool = False
) -> Iterator[tuple[str, Json]]:
    """Type and object of each event of one watch, until the server ends it or the time is over.

    Raises Refused where kubectl failed.
    """
    scope = ["--all-namespaces"] if everywhere else kubectl.scope
    watch = kubectl.stream(
        "get", *words, *scope, "--watch", "--output-watch-events", "--output=json"
    )
    try:
        for event in _documents(watch, deadline):
            yield str(event.get("type")), dict(mapping(event.get("object")))
    finally:
        watch.kill()
        watch.communicate()


def _documents(watch: subprocess.Popen[bytes], deadline: float | None) -> Iterator[Json]:
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
