"""structlog set-up: JSON lines in a pod, readable lines on a terminal; control characters
stripped.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from kubervisor import text

Log = structlog.stdlib.BoundLogger

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


def set_up(*, level: str, form: str) -> None:
    """Configure logging for the process. `form` is json, console, or auto (console on a
    terminal).
    """
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
            _strip,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lossy())),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard library; only what a person should look at gets through.
    handler = logging.StreamHandler(_Lossy())
    handler.setFormatter(_OneLine("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.ERROR, handlers=[handler])


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
