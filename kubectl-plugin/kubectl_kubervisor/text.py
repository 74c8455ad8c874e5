"""Text fit to print: nothing in it moves the cursor, changes colours or hides other text."""

from __future__ import annotations

import os
import re
import sys

# C0 and C1 controls, marks of direction and invisible separators, halves of surrogate pairs
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_IN_DOCUMENTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "faint": "2"}


def printable(text: object) -> str:
    """`text` on one line, each character that is none to read replaced by a space.

    >>> printable("two" + chr(10) + "lines")
    'two lines'
    """
    return _UNPRINTABLE.sub(" ", str(text))


def printable_lines(text: str) -> str:
    """As `printable`, line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))


def printable_document(text: str) -> str:
    r"""JSON or YAML with such characters as `\uXXXX`, which means the same in JSON strings.

    >>> printable_document('{"a": "' + chr(0x9b) + '"}')
    '{"a": "\\u009b"}'
    """
    return _IN_DOCUMENTS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def coloured(text: str, colour: str, on: bool) -> str:
    """`text` in a colour of the terminal where `on`."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if on and colour else text


def wants_colour() -> bool:
    """True on a terminal that shows colours, unless NO_COLOR says not to."""
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not dumb


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "pod"), counted(2, "pod")
    ('1 pod', '2 pods')
    """
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def listed(names: list[str], most: int = 5) -> str:
    """Names in a sentence, not too many.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
