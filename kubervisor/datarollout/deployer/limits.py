"""How much a version may be: of bytes, files and folders."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of an archive, bytes that it unpacks to (its headers included), and its entries."""

    archive_bytes: int = 1024 * MIB
    unpacked_bytes: int = 4096 * MIB
    entries: int = 200_000


LONGEST_NAME = 1024
"""Bytes of an entry's name with its folders."""
LONGEST_PART = 255
"""Bytes of a file's or folder's own name; no file system takes more."""
DEEPEST = 64
"""Folders above an entry."""
LONGEST_HEADER = 1 << 16
"""Bytes of a tar header that extends another: tarfile reads it into memory as a whole."""
LARGEST_WINDOW = 1 << 25
"""Bytes that zstd may look back, all of them in memory: those of level 20, `--ultra` wants more."""
