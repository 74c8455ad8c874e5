"""Where a program of one page listens, as an option says it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import click


def host_and_port(
    _context: click.Context, _parameter: click.Parameter, listen: str
) -> tuple[str, int]:
    """The host and the port, for an option's `callback`. Raises click.BadParameter."""
    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise click.BadParameter(f"must be HOST:PORT such as 0.0.0.0:8080, is {listen!r:.80}")
    return host, int(port)


def listening(purpose: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --listen, AutoCrane's LISTEN_PORT where it is not given; `purpose` is its help."""
    return click.option(
        "--listen",
        metavar="HOST:PORT",
        default=lambda: f"0.0.0.0:{os.environ.get('LISTEN_PORT') or 8080}",
        show_default="0.0.0.0:$LISTEN_PORT, or port 8080",
        callback=host_and_port,
        help=purpose,
    )


def cannot_listen(host: str, port: int, error: OSError) -> click.UsageError:
    """What to tell whoever named an address that cannot be bound."""
    why = (error.strerror or str(error)).lower()
    return click.UsageError(f"cannot listen on {host}:{port}: {why}")
