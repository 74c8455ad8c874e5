"""HOST:PORT as an option says it."""

from __future__ import annotations

import re

import click


def host_and_port(
    _context: click.Context, _parameter: click.Parameter, listen: str
) -> tuple[str, int]:
    """The host and the port, for an option's `callback`. Raises click.BadParameter."""
    host, _, port = listen.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise click.BadParameter(f"must be HOST:PORT such as 0.0.0.0:8080, is {listen!r:.80}")
    return host, int(port)
