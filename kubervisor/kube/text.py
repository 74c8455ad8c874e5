"""Text of others made fit for messages, annotations and Events: one printable, bounded line."""

from __future__ import annotations

import re

# C0 and C1 controls, line separators, and the marks that reverse the direction of what follows
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_SECRETS = re.compile(r"(?i:bearer|basic)\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def one_line(text: str, limit: int) -> str:
    """Return `text` as one printable line of at most `limit` bytes, cut between characters."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    encoded = line.encode()
    if len(encoded) <= limit:
        return line
    return encoded[: limit - 3].decode(errors="ignore") + "…"


def without_secrets(text: str) -> str:
    """Return `text` with bearer tokens, basic credentials and JSON web tokens replaced."""
    return _SECRETS.sub("(credentials)", text)
