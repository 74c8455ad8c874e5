"""Text of others made fit for messages, annotations and Events: one printable, bounded line."""

from __future__ import annotations

from kubervisor.text import printable


def one_line(text: str, limit: int) -> str:
    """Return `text` as one printable line of at most `limit` bytes, cut between characters."""
    line = " ".join(printable(text).split())
    encoded = line.encode()
    if len(encoded) <= limit:
        return line
    return encoded[: limit - 3].decode(errors="ignore") + "…"
