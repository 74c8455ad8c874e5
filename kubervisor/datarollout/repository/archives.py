"""Reads what others packed: tar, plain or compressed, and zip. Nothing is unpacked into folders."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from typing import IO, Self

import zstandard

from kubervisor.datarollout.repository.tree import Tree
from kubervisor.errors import SourceAnswerUnusable

_ZSTD = b"\x28\xb5\x2f\xfd"
_ZIP = b"PK"
_LARGEST_WINDOW = 128 * 1024 * 1024
"""Bytes that a decoder may have to remember: what `zstd` itself takes unless told otherwise."""

_COMMENTS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_LARGEST_COMMENT = 1024 * 1024

_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zstandard.ZstdError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a way of packing a zip that nobody here knows
    RuntimeError,  # a zip with a password
    ValueError,
    OverflowError,
    UnicodeError,
    OSError,  # gzip and bz2 say so
)


def read_archive(file: IO[bytes], tree: Tree, *, under: str = "") -> None:
    """Add what is in the archive to `tree`; of the folder `under` only, where one is named.

    Raises SourceAnswerUnusable where it is no archive, or holds what no version may have.
    """
    head = file.read(4)
    file.seek(0)
    prefix = f"{under}/" if under else ""
    try:
        if head.startswith(_ZIP):
            _read_zip(file, tree, prefix)
        elif head == _ZSTD:
            with zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(
                file, read_across_frames=True
            ) as plain:
                _read_tar(plain, "r|", tree, prefix)
        else:
            _read_tar(file, "r|*", tree, prefix)
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's trouble, not the archive's
        raise SourceAnswerUnusable(
            f"it is no readable tar (plain, gzip, bzip2, xz, zstd) or zip: {type(error).__name__}"
        ) from None


class _Header(tarfile.TarInfo):
    """A header, of which there must be whole ones to the very end.

    The library takes whatever is unreadable after the first header for the end, and so half of an
    archive for a smaller one; and it reads a comment of a gigabyte into memory.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            found = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise  # a block of zeros is the end
            raise EOFError from error
        if found.type in _COMMENTS and found.size > _LARGEST_COMMENT:
            raise ValueError(found.size)
        return found


def _read_tar(file: IO[bytes], mode: str, tree: Tree, prefix: str) -> None:
    with tarfile.open(fileobj=file, mode=mode, tarinfo=_Header) as tar:  # type: ignore[call-overload]
        for member in tar:
            tar.members = []  # it would keep the headers of all
            name = _name(member.name, prefix)
            if name is None or member.isdir():
                continue
            if member.isreg():
                content = tar.extractfile(member)
                assert content is not None
                tree.add_file(name, content, executable=bool(member.mode & 0o100))
            elif member.issym():
                tree.add_link(name, member.linkname)
            elif member.islnk() and (of := _name(member.linkname, prefix)) is not None:
                tree.add_copy(name, of)
            else:
                tree.leave_out(name)


def _read_zip(file: IO[bytes], tree: Tree, prefix: str) -> None:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            name, mode = _name(info.filename, prefix), info.external_attr >> 16
            if name is None or info.is_dir():
                continue
            with archive.open(info) as content:
                if stat.S_ISLNK(mode):
                    tree.add_link(name, content.read(4096).decode())
                else:
                    tree.add_file(name, content, executable=bool(mode & 0o100))


def _name(name: str, prefix: str) -> str | None:
    """`name` as it is called in the tree; None for what is not under the prefix."""
    name = name.removeprefix("./")
    if not name or not name.startswith(prefix):
        return None
    return name.removeprefix(prefix) or None
