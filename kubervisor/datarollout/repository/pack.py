"""Packs a tree: the same files at the same instant are the same bytes."""

from __future__ import annotations

import io
import os
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

import zstandard

from kubervisor.datarollout.repository.limits import MIB
from kubervisor.datarollout.repository.tree import Entry, folders
from kubervisor.errors import SourceAnswerUnusable

LEVEL = 6
"""Of zstd: twice as fast as 9, and a few percent larger."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The digest (upper case) and the size of an archive."""

    sha256: str
    size: int


def pack(entries: list[Entry], spool: IO[bytes], archive: Path, *, at: int, most: int) -> Packed:
    """Write the entries, whose bytes are in `spool`, to `archive` as tar and zstd.

    It is on the disk on return. `at` is the instant (Unix seconds) of all of them. Raises
    SourceAnswerUnusable where that makes more than `most` bytes, and OSError.
    """
    with archive.open("wb") as out:
        packed = _written(entries, spool, out, at=at, most=most)
        out.flush()
        os.fsync(out.fileno())
    return packed


def _written(
    entries: list[Entry], spool: IO[bytes], out: IO[bytes], *, at: int, most: int
) -> Packed:
    counted = _Counted(out, most)
    with (
        zstandard.ZstdCompressor(LEVEL, write_checksum=True).stream_writer(
            cast("IO[bytes]", counted), closefd=False
        ) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry, parents in folders(entries):
            for parent in parents:
                folder = _info(parent, tarfile.DIRTYPE, 0o755, at)
                tar.addfile(folder)
            _add(tar, entry, spool, at)
    return Packed(counted.digest.hexdigest().upper(), counted.size)


def _add(tar: tarfile.TarFile, entry: Entry, spool: IO[bytes], at: int) -> None:
    if entry.target:
        info = _info(entry.path, tarfile.SYMTYPE, 0o777, at)
        info.linkname = entry.target
        tar.addfile(info)
        return
    info = _info(entry.path, tarfile.REGTYPE, 0o755 if entry.executable else 0o644, at)
    info.size = entry.size
    spool.seek(entry.offset)
    tar.addfile(info, spool)


def _info(path: tuple[str, ...], kind: bytes, mode: int, at: int) -> tarfile.TarInfo:
    """Owned by nobody in particular: whoever unpacks it owns it."""
    info = tarfile.TarInfo("/".join(path))
    info.type, info.mode, info.mtime = kind, mode, at
    return info


class _Counted(io.RawIOBase):
    """Passes bytes on, counts and digests them."""

    def __init__(self, out: IO[bytes], most: int) -> None:
        self._out, self._most = out, most
        self.digest, self.size = sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # zstandard passes bytes
        self.size += len(data)
        if self.size > self._most:
            raise SourceAnswerUnusable(
                f"its archive has more than {self._most // MIB} MiB; publish less, or raise "
                "--max-archive"
            )
        self.digest.update(data)
        return self._out.write(data)
