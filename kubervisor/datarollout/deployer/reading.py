"""Reads an archive entry by entry, and refuses what is no archive, or would cost too much to read.

tarfile checks no sizes: it reads a long name or the map of a sparse file into memory whatever its
length, and takes an archive that breaks off between two entries for complete. Both is caught here.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, BinaryIO

import zstandard

from kubervisor.datarollout.deployer.limits import LARGEST_WINDOW, LONGEST_HEADER, MIB, Limits
from kubervisor.datarollout.deployer.problems import ArchiveRefused

CHUNK_BYTES = 1 << 16
END_BYTES = 2 * tarfile.BLOCKSIZE
"""An archive ends with two blocks of zeros."""

_EXTENSIONS = {
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
}
_UNREADABLE = (
    zstandard.ZstdError,
    tarfile.TarError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""All that the libraries raise for bytes that are not what they should be."""

Content = Callable[[], Iterator[bytes]]


def read_entries(archive: BinaryIO, limits: Limits) -> Iterator[tuple[tarfile.TarInfo, Content]]:
    """Yield each entry and what gives its bytes, to be called before the next one is asked for.

    Raises ArchiveRefused, also while bytes are read; the last one after the last entry.
    """
    plain = _Plain(archive, limits.unpacked_bytes)
    try:
        with tarfile.open(fileobj=_as_file(plain), mode="r|", tarinfo=_Header) as tar:
            entries = 0
            while (entry := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # else it keeps them all
                entries += 1
                if entries > limits.entries:
                    raise ArchiveRefused(f"the archive has more than {limits.entries} entries")
                yield entry, partial(_content, tar, entry)
            plain.finish(tar.offset)
    except _UNREADABLE as error:
        raise _unreadable(error) from error


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Iterator[bytes]:
    try:
        file = tar.extractfile(entry)
        left = entry.size
        while file is not None and left:
            chunk = file.read(min(left, CHUNK_BYTES))
            if not chunk:
                raise tarfile.ReadError("it ends within a file")
            left -= len(chunk)
            yield chunk
    except _UNREADABLE as error:
        raise _unreadable(error) from error


class _Header(tarfile.TarInfo):
    """tarfile calls these for each header, before it reads what the header announces."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size < 0 or (self.type in _EXTENSIONS and self.size > LONGEST_HEADER):
            raise ArchiveRefused("a header of the archive has no plausible length")
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise ArchiveRefused("the archive has a sparse file; pack without --sparse")
        found: tarfile.TarInfo = super()._proc_member(tar)  # type: ignore[misc]
        return found

    def _proc_gnusparse_10(self, *_: object) -> None:
        raise ArchiveRefused("the archive has a sparse file; pack without --sparse")

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10


class _Plain(io.RawIOBase):
    """What the archive is without its compression, at most `most` bytes of it."""

    def __init__(self, archive: BinaryIO, most: int) -> None:
        super().__init__()
        packed = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        self._reader = packed.stream_reader(archive, read_across_frames=True)
        self._most = most
        self._taken = self._last_set = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, less only at the end. Raises ArchiveRefused past the limit."""
        data: bytes = self._reader.read(size)
        if kept := data.rstrip(b"\0"):
            self._last_set = self._taken + len(kept)
        self._taken += len(data)
        if self._taken > self._most:
            raise ArchiveRefused(f"the archive unpacks to more than {self._most // MIB} MiB")
        return data

    def finish(self, end: int) -> None:
        """Read the rest. Raises ArchiveRefused where the entries did not end at `end` because the
        archive does, but because it breaks off or something else follows.
        """
        while self.read(CHUNK_BYTES):
            pass
        if self._taken < end + END_BYTES or self._last_set > end:
            raise ArchiveRefused("the archive is cut off, or damaged")


def _as_file(plain: _Plain) -> IO[bytes]:
    return plain  # type: ignore[return-value]  # tarfile asks for nothing but `read`


def _unreadable(error: BaseException) -> ArchiveRefused:
    if isinstance(error, zstandard.ZstdError):
        return ArchiveRefused(
            f"the archive is not packed with zstd, is damaged, or wants too much memory: {error}"
        )
    return ArchiveRefused(f"the archive is no tar that can be read: {error}")
