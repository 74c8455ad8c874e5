"""By which names a browser may call the dashboard.

A page of anybody's, whose name was made to resolve to this address, would else read it; its
requests carry its own name in `Host`.
"""

from __future__ import annotations

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def allowed_hosts(listen: str) -> frozenset[str]:
    """The names for a server that listens on `listen` (host:port): those of loopback, and its own.
    Any port goes with them, for a port-forward chooses one.
    """
    return LOOPBACK | {_name(listen)}


def is_allowed(host: str | None, allowed: frozenset[str]) -> bool:
    """True where a request's `Host` is one of the names.

    >>> is_allowed("localhost:9999", LOOPBACK), is_allowed("evil.example", LOOPBACK)
    (True, False)
    """
    return host is not None and _name(host) in allowed


def _name(host: str) -> str:
    """The name without its port, in lower case; IPv6 addresses keep their brackets."""
    name, colon, port = host.rpartition(":")
    has_port = bool(colon) and (port.isdecimal() or not port) and not name.endswith(":")
    return (name if has_port else host).lower()
