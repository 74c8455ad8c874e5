"""A list of what was unpacked: by it a version is made durable, and later found to be whole.

One line of JSON for each entry: its kind (the file type of stat), its size, its name. A list is
read line by line, for a version may have many entries and the process little memory. What it does
not name is none of our business: an application may put files of its own beside its data.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


def note(listing: TextIO, kind: int, size: int, name: str) -> None:
    """Add an entry: `kind` is S_IFREG, S_IFDIR or S_IFLNK; `size` that of the file or of the link's
    text, 0 for a folder.
    """
    listing.write(f"{json.dumps([kind, size, name])}\n")


def is_whole(folder: Path, listing: Path) -> bool:
    """Whether all that is listed is there, of its kind and size."""
    try:
        return all(_is_there(folder, *entry) for entry in _entries(listing))
    except (OSError, ValueError, TypeError):
        return False


def make_durable(folder: Path, listing: Path) -> None:
    """Return once all that is listed would survive a loss of power. Raises OSError.

    After all is written, for the first file's sync then carries the others with it.
    """
    for kind, _, name in _entries(listing):
        if kind != stat.S_IFLNK:
            sync(folder / name)
    sync(folder)
    sync(listing)


def sync(path: Path) -> None:
    """Have the file, or the names in the folder, written to its disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entries(listing: Path) -> Iterator[tuple[int, int, str]]:
    with listing.open(encoding="ascii") as lines:
        for line in lines:
            kind, size, name = json.loads(line)
            yield kind, size, name


def _is_there(folder: Path, kind: int, size: int, name: str) -> bool:
    found = (folder / name).lstat()
    return stat.S_IFMT(found.st_mode) == kind and (kind == stat.S_IFDIR or found.st_size == size)
