"""structlog set-up: JSON lines in a pod, readable lines on a terminal; control characters
stripped.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from kubervisor import text

Log = structlog.stdlib.BoundLogger

_LEVELS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}

LONGEST_VALUE = 1024
"""Characters; nothing from outside may flood the log."""


def printable(value: str, *, limit: int = LONGEST_VALUE) -> str:
    """`value` on one line: control and direction characters replaced, cut at `limit` characters.

    >>> printable("two" + chr(10) + "lines")
    'two lines'
    """
    clean = text.printable(value[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


class _Lossy:
    """Standard error; a line that it does not take (a full disk, a closed pipe) is lost, for the
    work that it tells of matters more.
    """

    def write(self, line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(line)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


class _OneLine(logging.Formatter):
    """What libraries log: whatever they quote, it stays on its line."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


class _Level:
    """From which level on lines are written. It can be changed while the process runs, which
    structlog's own filter cannot: loggers keep theirs.
    """

    def __init__(self) -> None:
        self.lowest = logging.INFO

    def __call__(
        self, _logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if _LEVELS[method] < self.lowest:
            raise structlog.DropEvent
        return event


_LEVEL = _Level()


def set_up(*, level: str, form: str) -> None:
    """Configure logging for the process, and heed signals: SIGUSR1 writes debug lines from then
    on, SIGUSR2 goes back to `level`. Call it on the main thread.

    `form` is json, console, or auto (console on a terminal). Signals, and not a page to send a
    request to: who may send one may end the process too, while a proxy beside it in the pod makes
    every client look like a local one.
    """
    chosen = _LEVEL.lowest = _LEVELS[level.lower()]
    # Nothing but an assignment: a handler that logs could wait for the line that it interrupted.
    signal.signal(signal.SIGUSR1, lambda *_: setattr(_LEVEL, "lowest", logging.DEBUG))
    signal.signal(signal.SIGUSR2, lambda *_: setattr(_LEVEL, "lowest", chosen))
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = _for_people() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            _LEVEL,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
            _strip,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lossy())),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard library; only what a person should look at gets through.
    handler = logging.StreamHandler(_Lossy())
    handler.setFormatter(_OneLine("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.ERROR, handlers=[handler])


def _for_people() -> Any:
    """Lines that begin with the instant, in colour on a terminal; a traceback is text already."""
    return structlog.dev.ConsoleRenderer(
        timestamp_key="ts",
        colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"),
        exception_formatter=structlog.dev.plain_traceback,
    )


def is_debugging() -> bool:
    """Whether debug lines are written: to drop one takes longer than to ask first."""
    return _LEVEL.lowest <= logging.DEBUG


def get(name: str, **bound: str) -> Log:
    """A logger with `logger=name` and `bound` in every line."""
    log: Log = structlog.get_logger().bind(logger=name, **bound)
    return log


def _strip(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _lines(value) if key == "exception" else printable(value)
    return event


def _lines(traceback: str) -> str:
    """A traceback keeps its lines and its length; what it quotes is made printable."""
    return "\n".join(map(text.printable, traceback.splitlines()))
