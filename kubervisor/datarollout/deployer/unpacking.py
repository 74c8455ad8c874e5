"""Unpacks an archive of which nothing is believed: not where its entries go, nor what they are.

Every folder is opened from the one above it and never through a link, every file is created and
none is opened, so nothing outside can be reached whatever a check may have missed. A link's `..`
come first and lead no higher than the archive's root. A link then goes down, and what other links
it meets there keep to the same rule: none leads out.
"""

from __future__ import annotations

import errno
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from kubervisor.datarollout.deployer.limits import DEEPEST, LONGEST_NAME, LONGEST_PART, Limits
from kubervisor.datarollout.deployer.listing import note
from kubervisor.datarollout.deployer.problems import ArchiveRefused
from kubervisor.datarollout.deployer.reading import Content, read_entries
from kubervisor.text import printable

FILE_MODE, PROGRAM_MODE, FOLDER_MODE = 0o644, 0o755, 0o755
"""Whoever the application runs as can read it; nobody gets the set-user-id, whatever was packed."""

_INTO = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(archive: BinaryIO, into: Path, listing: TextIO, limits: Limits) -> None:
    """Unpack into a folder that is empty, and list what was unpacked.

    Raises ArchiveRefused, OSError; the folder then has a part of it.
    """
    root = os.open(into, _INTO)
    try:
        os.fchmod(root, FOLDER_MODE)
        tree = _Tree(root, listing)
        for entry, content in read_entries(archive, limits):
            parts = _parts(entry)
            _refuse(entry, parts, into)
            tree.add(entry, parts, content)
    finally:
        os.close(root)


def _parts(entry: tarfile.TarInfo) -> tuple[str, ...]:
    """The names on the way to it; none where it is the root itself. Raises ArchiveRefused."""
    name = entry.name
    if name.startswith("/") or "\0" in name:
        raise _refused(entry, "has a name that is not relative")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts:
        raise _refused(entry, "leads out of its folder")
    lengths = [len(os.fsencode(part)) for part in parts]
    if sum(lengths) + len(parts) - 1 > LONGEST_NAME or max(lengths, default=0) > LONGEST_PART:
        raise _refused(entry, "has too long a name")
    if len(parts) > DEEPEST:
        raise _refused(entry, f"lies more than {DEEPEST} folders deep")
    return parts


def _refuse(entry: tarfile.TarInfo, parts: tuple[str, ...], into: Path) -> None:
    if not (entry.isdir() or (parts and (entry.isreg() or entry.issym()))):
        raise _refused(entry, "is neither a file nor a folder nor a symbolic link")
    if entry.issym() and not _stays_inside(parts, entry.linkname):
        raise _refused(entry, "is a link that leads out of the archive")
    try:
        tarfile.data_filter(entry, str(into))
    except tarfile.FilterError as error:
        raise _refused(entry, f"is refused: {error}") from error


def _stays_inside(parts: tuple[str, ...], target: str) -> bool:
    if not target or target.startswith("/") or "\0" in target:
        return False
    if len(os.fsencode(target)) > LONGEST_NAME:
        return False
    steps = [step for step in target.split("/") if step not in ("", ".")]
    up = next((n for n, step in enumerate(steps) if step != ".."), len(steps))
    return up < len(parts) and ".." not in steps[up:]


class _Tree:
    """The folder that is filled, by its descriptor, and the list of what is in it."""

    def __init__(self, root: int, listing: TextIO) -> None:
        self._root, self._listing = root, listing
        self._named: set[str] = set()

    def add(self, entry: tarfile.TarInfo, parts: tuple[str, ...], content: Content) -> None:
        """Raises ArchiveRefused where something of that name is there already."""
        if entry.isdir():
            self._add_folder(entry, parts)
            return
        *above, name = parts
        try:
            with self._folder(entry, above) as folder:
                if entry.issym():
                    os.symlink(entry.linkname, name, dir_fd=folder)
                    size = len(os.fsencode(entry.linkname))
                else:
                    size = _write(folder, name, entry, content())
        except FileExistsError:
            raise _refused(entry, "is there twice") from None
        note(self._listing, stat.S_IFLNK if entry.issym() else stat.S_IFREG, size, "/".join(parts))

    def _add_folder(self, entry: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
        # It may be there from a file in it that came first, but it may be named only once.
        name = "/".join(parts)
        if name in self._named:
            raise _refused(entry, "is there twice")
        self._named.add(name)
        with self._folder(entry, parts):
            pass

    @contextmanager
    def _folder(self, entry: tarfile.TarInfo, parts: Iterable[str]) -> Iterator[int]:
        """The descriptor of a folder, which is made where it is missing, as are those above it."""
        at, way = os.dup(self._root), ""
        try:
            for part in parts:
                way = f"{way}/{part}" if way else part
                deeper = self._enter(entry, at, part, way)
                os.close(at)
                at = deeper
            yield at
        finally:
            os.close(at)

    def _enter(self, entry: tarfile.TarInfo, at: int, part: str, way: str) -> int:
        try:
            return os.open(part, _INTO, dir_fd=at)
        except FileNotFoundError:
            os.mkdir(part, FOLDER_MODE, dir_fd=at)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise _refused(entry, "lies beneath something that is no folder") from None
            raise
        note(self._listing, stat.S_IFDIR, 0, way)
        made = os.open(part, _INTO, dir_fd=at)
        os.fchmod(made, FOLDER_MODE)  # whatever the umask
        return made


def _write(folder: int, name: str, entry: tarfile.TarInfo, chunks: Iterable[bytes]) -> int:
    """Write a new file; its bytes."""
    size = 0
    with os.fdopen(os.open(name, _NEW, 0o600, dir_fd=folder), "wb", buffering=0) as file:
        for chunk in chunks:
            size += len(chunk)
            _write_all(file, chunk)
        os.fchmod(file.fileno(), PROGRAM_MODE if entry.mode & 0o100 else FILE_MODE)
        # The same on all pods: servers of files make their ETags of it.
        if 0 <= entry.mtime < 1 << 33:
            os.utime(file.fileno(), (entry.mtime, entry.mtime))
    return size


def _write_all(file: BinaryIO, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[file.write(left) :]


def _refused(entry: tarfile.TarInfo, why: str) -> ArchiveRefused:
    return ArchiveRefused(f"the archive's entry {printable(entry.name)[:120]!r} {why}")
