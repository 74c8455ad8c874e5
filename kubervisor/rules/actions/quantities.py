"""Kubernetes' quantities of bytes, exactly: whole numbers, never floats."""

from __future__ import annotations

import re
from fractions import Fraction

_QUANTITY = re.compile(
    r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2}|[KMGTPE]i|[numkMGTPE]?)"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}

LONGEST = 64
"""Characters of a quantity; nobody needs as many."""

LARGEST = 2**63 - 1
"""Bytes; the API server cuts larger ones down to it."""

MI = 2**20


def parse(text: str) -> int:
    """The bytes that `text` names; a part of one counts as one.

    >>> parse("10Gi"), parse("1.5Ki"), parse("10G"), parse("1e3"), parse("1m")
    (10737418240, 1536, 10000000000, 1000, 1)

    Raises: ValueError where it names none, saying what to write.
    """
    found = _QUANTITY.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise ValueError(f"{text[:LONGEST]!r} is no quantity; write bytes such as 10Gi or 500M")
    number, unit = Fraction(found[1]), found[2]
    if unit in _BINARY:
        number *= 2 ** _BINARY[unit]
    else:
        power = _DECIMAL[unit] if unit in _DECIMAL else int(unit[1:])
        number *= Fraction(10) ** power
    return min(LARGEST, -(-number.numerator // number.denominator))


def render(amount: int) -> str:
    """`amount` bytes (0 or more) as Kubernetes writes them: in the largest binary unit that needs
    no fraction.

    >>> render(21 * 2**29), render(1500), render(2**40)
    ('10752Mi', '1500', '1Ti')
    """
    for unit, power in reversed(_BINARY.items()):
        if amount and amount % 2**power == 0:
            return f"{amount >> power}{unit}"
    return str(amount)


def to_whole_mi(amount: int) -> int:
    """`amount` bytes, rounded up to whole Mi.

    >>> to_whole_mi(2**20 + 1) // MI
    2
    """
    return -(-amount // MI) * MI
