"""Metric expressions as rules write them: aliases, and texts that several can be joined from.

All expressions of a rule are asked in one query. So none may hold a comment, which would take in
what follows, nor close a parenthesis that it did not open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "VolumeUsagePercent": (
            "100 * kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes"
        ),
        "VolumeInodesUsagePercent": (
            "100 * kubelet_volume_stats_inodes_used / kubelet_volume_stats_inodes"
        ),
        "VolumeCapacityGB": "kubelet_volume_stats_capacity_bytes / 1e9",
    }
)
POOL_ALIASES = frozenset(["PoolProvDeviationPerc", "PoolUsageDeviationPerc"])
"""The original's, of Portworx storage pools."""

CAPACITY = "kubelet_volume_stats_capacity_bytes or px_volume_capacity_bytes"
"""Bytes of capacity of volumes, from the kubelet or from Portworx."""

_CLOSES = {")": "(", "]": "[", "}": "{"}
# One pass over texts and comments, because each may hold the other's mark.
_PIECES = re.compile(
    r"""
    (?P<text> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `[^`]*` )
    | (?P<comment> \#[^\n]* )
    | (?P<other> [^"'`\#]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def plain(promql: str) -> str:
    """The expression without comments.

    Raises ValueError where it is empty or its brackets or quotes do not match; the message
    completes a sentence that starts with the field.

    >>> plain("sum(a)  # all of them")
    'sum(a)'
    """
    kept: list[str] = []
    opened: list[str] = []
    for piece in _PIECES.finditer(promql):
        if piece["other"]:
            _follow(piece["other"], opened)
            kept.append(piece["other"])
        elif piece["text"]:
            kept.append(piece["text"])
    if opened:
        raise ValueError(f"must be PromQL, but {opened[-1]} is not closed")
    found = "".join(kept).strip()
    if not found:
        raise ValueError("must be PromQL, but is empty")
    return found


def _follow(code: str, opened: list[str]) -> None:
    """Keep the brackets that are open. Raises ValueError."""
    for mark in code:
        if mark in "([{":
            opened.append(mark)
        elif mark in _CLOSES:
            if not opened or opened.pop() != _CLOSES[mark]:
                raise ValueError(f"must be PromQL, but {mark} closes nothing")
        elif mark in "\"'`":
            raise ValueError(f"must be PromQL, but {mark} is not closed")
