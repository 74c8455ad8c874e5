"""Hostile archives: none writes outside, none costs more than it may, none is half taken."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.datarollout.deployer.limits import LONGEST_HEADER, Limits
from kubervisor.datarollout.deployer.listing import is_whole
from kubervisor.datarollout.deployer.problems import ArchiveRefused
from kubervisor.datarollout.deployer.unpacking import unpack
from tests.datarollout.deploying import Entry, everything, file, folder, link, packed, special, tar

SMALL = Limits(archive_bytes=1 << 20, unpacked_bytes=1 << 18, entries=50)


def unpacked(place: Path, archive: bytes, limits: Limits = SMALL) -> Path:
    """The folder, unpacked; what is beside it must stay as it is."""
    into = place / "into"
    into.mkdir()
    with (place / "listing").open("w", encoding="ascii") as listing:
        unpack(io.BytesIO(archive), into, listing, limits)
    assert is_whole(into, place / "listing")
    return into


def test_files_folders_and_links_are_as_packed(tmp_path: Path) -> None:
    entries = (
        folder("./conf/"),
        file("conf/app.yaml", b"a: 1"),
        file("deep/down/x", b"deep"),
        folder("deep"),
        link("conf/same", "app.yaml"),
        link("deep/up", "../conf/app.yaml"),
    )
    into = unpacked(tmp_path, packed(*entries))
    assert everything(into) == {
        "conf": "/",
        "conf/app.yaml": "a: 1",
        "conf/same": "→ app.yaml",
        "deep": "/",
        "deep/down": "/",
        "deep/down/x": "deep",
        "deep/up": "→ ../conf/app.yaml",
    }
    assert (into / "deep/up").read_text() == "a: 1"
    assert (into / "conf/app.yaml").stat().st_mtime == 1_600_000_000


def test_whoever_the_application_runs_as_can_read_it(tmp_path: Path) -> None:
    entries = (file("a", mode=0o400), file("b", mode=0o6755), file("c", mode=0o1666), folder("d"))
    old = os.umask(0o077)
    try:
        into = unpacked(tmp_path, packed(*entries))
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [into, *into.iterdir()]}
    assert modes == {"into": 0o755, "a": 0o644, "b": 0o755, "c": 0o644, "d": 0o755}


def test_an_empty_archive_is_a_version(tmp_path: Path) -> None:
    assert everything(unpacked(tmp_path, packed())) == {}


HOSTILE = {
    "goes up": [file("../out")],
    "goes up later": [file("a/../../out")],
    "is absolute": [file("/tmp/out")],
    "is absolute after dots": [file("//tmp/out")],
    "is the root itself": [file(".")],
    "link out": [link("a", "../out")],
    "link out from below": [folder("d"), link("d/a", "../../out")],
    "link out that comes back": [link("a", "../into/b")],
    "absolute link": [link("a", "/etc/passwd")],
    "empty link": [link("a", "")],
    "link with dots after names": [folder("d"), link("a", "d/../../out")],
    "link over a link": [link("d", "."), link("a", "d/../..")],
    "write through a link": [link("a", "."), file("a/out")],
    "write through a link to a folder": [folder("d"), link("a", "d"), file("a/b/out")],
    "write over a link": [link("a", "b"), file("a")],
    "folder over a link": [folder("d"), link("a", "d"), folder("a")],
    "folder beneath a file": [file("a"), file("a/b")],
    "hard link": [file("a"), special("b", tarfile.LNKTYPE, linkname="a")],
    "hard link out": [special("b", tarfile.LNKTYPE, linkname="../out")],
    "character device": [special("null", tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "block device": [special("sda", tarfile.BLKTYPE, devmajor=8, devminor=0)],
    "fifo": [special("pipe", tarfile.FIFOTYPE)],
    "unknown kind": [special("what", b"Z")],
    "file twice": [file("a", b"1"), file("a", b"2")],
    "file twice by another name": [file("a/b"), file("./a//b")],
    "folder twice": [folder("a"), folder("a/")],
    "link twice": [link("a", "b"), link("a", "c")],
    "folder where a file is": [file("a"), folder("a")],
    "file where a folder is": [folder("a"), file("a")],
    "long part": [file("a" * 256)],
    "long name": [file("/".join(["a" * 100] * 11))],
    "deep": [file("/".join(["a"] * 66))],
    "long link": [link("a", "b" * 2000)],
    "many": [file(f"f{number}") for number in range(51)],
    "many folders": [folder(f"f{number}") for number in range(51)],
    "large": [file("a", b"\0" * (1 << 18))],
    "large together": [file(f"f{number}", b"\0" * 50_000) for number in range(6)],
}


@pytest.mark.parametrize("entries", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
def test_a_hostile_archive_is_refused(tmp_path: Path, entries: list[Entry], form: int) -> None:
    before = everything(tmp_path)
    with pytest.raises(ArchiveRefused):
        unpacked(tmp_path, zstandard.compress(tar(entries, form)))
    outside = {n for n in everything(tmp_path) if not n.startswith(("into", "listing"))}
    assert outside == before.keys()
    assert not Path("/tmp/out").exists()


def _header(name: str, kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def _pax(**records: str) -> bytes:
    lines = b"".join(_record(key, value) for key, value in records.items())
    padded = lines + b"\0" * (-len(lines) % 512)
    return _header("pax", tarfile.XHDTYPE, len(lines)) + padded


def _record(key: str, value: str) -> bytes:
    text = f" {key}={value}\n".encode()
    length = len(text) + 1
    while len(str(length)) + len(text) != length:
        length += 1
    return str(length).encode() + text


def _sparse_old() -> bytes:
    header = bytearray(_header("sparse", tarfile.GNUTYPE_SPARSE, 0))
    header[148:156] = b" " * 8
    header[482] = 1
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + (b"0" * 504 + b"\1" + b"\0" * 7) * 100


END = b"\0" * 1024
BROKEN = {
    "nothing": b"",
    "not tar": b"hello, world" * 100,
    "cut within a file": tar([file("a", b"1" * 5000)])[:2048],
    "cut between entries": tar([file("a"), file("b")])[:1024],
    "cut within a header": tar([file("a"), file("b")])[:1300],
    "without its end": tar([file("a")])[:1024],
    "garbage for the second header": tar([file("a")])[:1024] + b"garbage!" * 64 + END,
    "garbage after its end": tar([file("a")]) + b"x",
    "a long name without end": _header("x", tarfile.GNUTYPE_LONGNAME, 1 << 33) + END,
    "a header that is too long": _header("x", tarfile.XHDTYPE, LONGEST_HEADER + 1) + END,
    "global header that is too long": _header("x", tarfile.XGLTYPE, 1 << 40) + END,
    "headers of headers": _pax(a="b") * 2000 + END,
    "sparse": _sparse_old(),
    "sparse by pax 0.0": _pax(**{"GNU.sparse.size": "1", "GNU.sparse.numblocks": "0"})
    + _header("x", tarfile.REGTYPE, 0)
    + END,
    "sparse by pax 0.1": _pax(**{"GNU.sparse.map": "0,1"}) + _header("x", tarfile.REGTYPE, 0) + END,
    "sparse by pax 1.0": _pax(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
    + _header("x", tarfile.REGTYPE, 1 << 16)
    + b"9" * (1 << 16)
    + END,
    "negative size": _pax(size="-5") + _header("x", tarfile.REGTYPE, 0) + END,
    "huge size": _pax(size="9" * 30) + _header("x", tarfile.REGTYPE, 0) + END,
    "a character set of its own": _pax(hdrcharset="\u00fe") + b"x" * 512 + END,
    "a name with a NUL": _pax(path="a\0b") + _header("x", tarfile.REGTYPE, 0) + END,
    "a link with a NUL": _pax(linkpath="a\0b") + _header("x", tarfile.SYMTYPE, 0) + END,
}


@pytest.mark.parametrize("plain", BROKEN.values(), ids=BROKEN)
def test_a_broken_archive_is_refused(tmp_path: Path, plain: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        unpacked(tmp_path, zstandard.compress(plain))


ODD_TIMES = ["nan", "inf", "-1", "1e300", "99999999999999999999"]


@pytest.mark.parametrize("mtime", ODD_TIMES)
def test_an_odd_time_harms_nothing(tmp_path: Path, mtime: str) -> None:
    plain = _pax(mtime=mtime) + _header("x", tarfile.REGTYPE, 0) + END
    assert everything(unpacked(tmp_path, zstandard.compress(plain))) == {"x": ""}


def test_other_magic_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="not packed with zstd"):
        unpacked(tmp_path, tar([file("a")]))


@pytest.mark.parametrize("kept", [1, 3, 20, 60, 90, 99])
def test_a_cut_stream_is_refused(tmp_path: Path, kept: int) -> None:
    whole = zstandard.compress(tar([file("a", os.urandom(20_000)), file("b", b"b" * 20_000)]))
    with pytest.raises(ArchiveRefused):
        unpacked(tmp_path, whole[: len(whole) * kept // 100])


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A few KB that would be 4 GB: nobody has so much memory or disk for it here."""
    packer = zstandard.ZstdCompressor().compressobj()
    bomb = packer.compress(_header("zeros", tarfile.REGTYPE, 1 << 32))
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(4)) + packer.flush()
    with pytest.raises(ArchiveRefused, match="unpacks to more than"):
        unpacked(tmp_path, bomb)
    written = sum(path.stat().st_size for path in (tmp_path / "into").iterdir())
    assert written <= SMALL.unpacked_bytes


def test_a_window_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    archive = packer.compress(tar([file("a")])) + packer.flush()
    with pytest.raises(ArchiveRefused, match="memory"):
        unpacked(tmp_path, archive)


def test_several_frames_are_one_archive(tmp_path: Path) -> None:
    plain = tar([file("a", b"1" * 3000)])
    archive = zstandard.compress(plain[:700]) + zstandard.compress(plain[700:])
    assert everything(unpacked(tmp_path, archive)) == {"a": "1" * 3000}


def test_names_in_any_bytes_are_taken_as_they_are(tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9\n\x1b[31m")
    into = unpacked(tmp_path, packed(file(odd), link("l", odd)))
    assert {os.fsencode(path.name) for path in into.iterdir()} == {os.fsencode(odd), b"l"}


PARTS = st.sampled_from(["a", "b", "c", "..", ".", "", "into", "out"])
PATHS = st.builds("/".join, st.lists(PARTS, min_size=1, max_size=4))
ANCHORED = st.one_of(PATHS, PATHS.map("/".__add__))
ENTRIES = st.one_of(
    st.builds(file, ANCHORED, st.binary(max_size=20)),
    st.builds(folder, ANCHORED),
    st.builds(link, ANCHORED, ANCHORED),
    st.builds(lambda n, t: special(n, tarfile.LNKTYPE, linkname=t), ANCHORED, ANCHORED),
)


def _try(place: Path, archive: bytes) -> None:
    (place / "out").mkdir()
    (place / "out/kept").write_text("kept")
    try:
        into = unpacked(place, archive)
    except ArchiveRefused:
        into = place / "into"
    assert sorted(path.name for path in place.iterdir()) == ["into", "listing", "out"]
    assert everything(place / "out") == {"kept": "kept"}
    for path in into.rglob("*"):
        # No link leads out, whichever others it passes on its way; one that leads to itself or to
        # nothing, nowhere.
        with suppress(OSError, RuntimeError):
            assert path.resolve(strict=True).is_relative_to(into.resolve())
        assert path.is_symlink() or path.is_file() or path.is_dir()


@settings(max_examples=250)
@given(st.lists(ENTRIES, max_size=8))
def test_no_archive_makes_anything_outside(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    _try(tmp_path_factory.mktemp("p"), packed(*entries))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 255)), max_size=6))
def test_no_bytes_do_more_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    plain = bytearray(tar([file("a/b", b"1" * 600), link("l", "a/b"), file("c" * 150)]))
    for at, value in flips:
        plain[at] = value
    _try(tmp_path_factory.mktemp("p"), zstandard.compress(bytes(plain)))
