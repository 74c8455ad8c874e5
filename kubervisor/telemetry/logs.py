"""structlog set-up: JSON lines in a pod, readable lines on a terminal; control characters
stripped.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Log = structlog.stdlib.BoundLogger

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LONGEST_VALUE = 1024
"""Characters; nothing from outside may flood the log."""


def printable(text: str, *, limit: int = LONGEST_VALUE) -> str:
    """`text` on one line: control and direction characters replaced, cut at `limit` characters.

    >>> printable("two" + chr(10) + "lines")
    'two lines'
    """
    clean = _CONTROL.sub(" ", text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard library; only what a person should look at gets through.
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr, format="%(name)s: %(message)s")


def get(name: str, **bound: str) -> Log:
    """A logger with `logger=name` and `bound` in every line."""
    log: Log = structlog.get_logger().bind(logger=name, **bound)
    return log


def _strip(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = printable(value)
    return event
