"""The numbers and names of a decision as people read them.

Pure. What a sentence says changes only when the fact does: it has no "since 3 minutes", or each
look would write a status.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.datarollout.decision.state import User
from kubervisor.datarollout.versions import Version
from kubervisor.text import printable

MOST_NAMES = 3
LONGEST_QUOTE = 120


def of_pods(part: int, whole: int) -> str:
    """How many of how many.

    >>> of_pods(3, 10), of_pods(1, 1)
    ('3 of 10 pods', '1 of 1 pod')
    """
    return f"{part} of {whole} pod{'' if whole == 1 else 's'}"


def names_of(users: Sequence[User]) -> str:
    """The first few by name, and how many more there are.

    >>> names_of([User("1", "shop", f"web-{n}") for n in range(5)])
    'web-0, web-1, web-2 and 2 more'
    """
    named = ", ".join(user.name for user in users[:MOST_NAMES])
    more = len(users) - MOST_NAMES
    return f"{named} and {more} more" if more > 0 else named


def name_of(version: Version | None) -> str:
    """The name of its archive."""
    return version.path if version else "the version before"


def length_of(seconds: float) -> str:
    """A length of time in the unit in which it is a whole number.

    >>> length_of(600), length_of(90), length_of(7200), length_of(0.5)
    ('10 min', '90 s', '2 h', '0.5 s')
    """
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s"


def quoted(message: str) -> str:
    """What somebody else wrote, short enough to stand in a sentence of ours.

    >>> quoted("no space" + chr(10) + "left")
    '"no space left"'
    """
    text = printable(message)
    return f'"{text[:LONGEST_QUOTE]}{"…" if len(text) > LONGEST_QUOTE else ""}"'
