"""Text of others made fit to print: no control characters, no marks that hide or reverse text."""

from __future__ import annotations

import re

# C0 and C1 controls, line separators, marks of direction, and halves of surrogate pairs
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


_SECRETS = re.compile(r"(?i:bearer|basic)\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def without_secrets(text: str) -> str:
    """`text` with bearer tokens, basic credentials and JSON web tokens replaced.

    >>> without_secrets("I do not accept Bearer abc")
    'I do not accept (credentials)'
    """
    return _SECRETS.sub("(credentials)", text)


def printable(text: str) -> str:
    """`text` on one line, each character that is none to read replaced by a space.

    >>> printable("two" + chr(10) + "lines" + chr(0x202E))
    'two lines '
    """
    return _UNPRINTABLE.sub(" ", text)
