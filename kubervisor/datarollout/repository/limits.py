"""How much of the machine one source may take."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
MOST_ENTRIES = 200_000
"""Files and links of one version."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`archive` bytes of what is fetched and of what is packed, `unpacked` bytes of the files in
    it, `source` bytes of all versions of one source, `seconds` for fetching one.
    """

    archive: int = 1024 * MIB
    unpacked: int = 4096 * MIB
    source: int = 10240 * MIB
    seconds: float = 300.0
