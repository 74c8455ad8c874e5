"""Archives that tests make and read."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping

import zstandard

from kubervisor.datarollout.repository.limits import MIB
from kubervisor.datarollout.repository.tree import Tree


def new_tree(most: int = MIB) -> Tree:
    """A tree whose files are in memory."""
    return Tree(io.BytesIO(), most)


def contents(tree: Tree) -> dict[str, str]:
    """Files by their paths, links as `-> target`."""
    found = {}
    for entry in tree.entries():
        tree.spool.seek(entry.offset)
        text = tree.spool.read(entry.size).decode()
        found["/".join(entry.path)] = f"-> {entry.target}" if entry.target else text
    return found


def tar_of(*members: tarfile.TarInfo | tuple[str, str], mode: str = "w:") -> bytes:
    """A tar of files (name, text) and of other members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member, io.BytesIO(bytes(member.size)))
            else:
                name, text = member
                info = tarfile.TarInfo(name)
                info.size = len(text.encode())
                tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def member(name: str, kind: bytes, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """A member that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, size
    return info


def zip_of(files: Mapping[str, str]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def zstd_of(plain: bytes) -> bytes:
    """`plain`, compressed."""
    return zstandard.ZstdCompressor().compress(plain)


def unpacked(archive: bytes) -> dict[str, str]:
    """What the repository packed: files by their paths, links as `-> target`, folders as `/`."""
    plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(archive)).read()
    found = {}
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for info in tar:
            assert (info.uid, info.gid, info.uname, info.gname) == (0, 0, "", "")
            content = tar.extractfile(info) if info.isfile() else None
            text = content.read().decode(errors="replace") if content else "/"
            found[info.name] = f"-> {info.linkname}" if info.issym() else text
    return found
