"""What becomes of the files of a source: collected, bounded, and packed the same each time."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

import pytest

from kubervisor.datarollout.repository import tree as trees
from kubervisor.datarollout.repository.archives import read_archive
from kubervisor.datarollout.repository.limits import MIB
from kubervisor.datarollout.repository.pack import pack
from kubervisor.datarollout.repository.tree import fingerprint
from kubervisor.errors import SourceAnswerUnusable
from tests.datarollout.packing import (
    contents,
    member,
    new_tree,
    tar_of,
    unpacked,
    zip_of,
    zstd_of,
)

FILES = {"b/c.txt": "c", "a.txt": "a"}
PLAIN = tar_of(*FILES.items())


@pytest.mark.parametrize(
    "archive",
    [
        PLAIN,
        zstd_of(PLAIN),
        zip_of(FILES),
        *(tar_of(*FILES.items(), mode=f"w:{kind}") for kind in ("gz", "bz2", "xz")),
    ],
    ids=["tar", "zst", "zip", "gz", "bz2", "xz"],
)
def test_every_usual_archive_is_read(archive: bytes) -> None:
    tree = new_tree()
    read_archive(io.BytesIO(archive), tree)
    assert contents(tree) == FILES
    below = new_tree()
    read_archive(io.BytesIO(archive), below, under="b")
    assert contents(below) == {"c.txt": "c"}


def test_the_same_files_are_the_same_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    packed = []
    for number, names in enumerate((sorted(FILES), sorted(FILES, reverse=True))):
        tree = new_tree()
        for name in names:
            tree.add_file(name, io.BytesIO(FILES[name].encode()))
        archive = tmp_path / str(number)
        packed.append(pack(tree.entries(), tree.spool, archive, at=1000, most=MIB))
    assert packed[0] == packed[1]
    assert archive.stat().st_size == packed[1].size
    assert unpacked(archive.read_bytes()) == {**FILES, "b": "/"}


def test_a_fingerprint_is_of_what_the_files_are() -> None:
    marks = set()
    for name, text, executable in (
        ("a", "x", False), ("b", "x", False), ("a", "y", False), ("a", "x", True)
    ):  # fmt: skip
        tree = new_tree()
        tree.add_file(name, io.BytesIO(text.encode()), executable=executable)
        marks.add(fingerprint(tree.entries()))
    linked = new_tree()
    linked.add_link("a", "x")
    assert len(marks | {fingerprint(linked.entries())}) == 5


@pytest.mark.parametrize(
    ("path", "target", "stays"),
    [
        ("a", "b", True),
        ("a/b", "../c", True),
        ("a/b", "../c/d/", True),
        ("a/b", "..", True),
        ("a", "..", False),
        ("a", "../b", False),
        ("a/b", "../../c", False),
        ("a/b", "c/../../../d", False),
        ("a/b", "c/..", False),  # c may be a link to a deep folder
        ("a", "/etc/passwd", False),
        ("a", "", False),
        ("a", "b\nc", False),
    ],
)
def test_only_links_that_stay_inside_are_kept(path: str, target: str, stays: bool) -> None:
    tree = new_tree()
    tree.add_link(path, target)
    assert bool(tree.entries()) is stays
    assert (path in tree.note) is not stays


def test_what_is_no_file_is_left_out_and_said() -> None:
    archive = tar_of(
        ("good", "1"),
        member("device", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
        member("out", tarfile.SYMTYPE, "/etc/passwd"),
        member("in", tarfile.SYMTYPE, "good"),
        member("copy", tarfile.LNKTYPE, "good"),
        member("nothing", tarfile.LNKTYPE, "absent"),
        member("folder", tarfile.DIRTYPE),
    )
    tree = new_tree()
    read_archive(io.BytesIO(archive), tree)
    assert contents(tree) == {"good": "1", "in": "-> good", "copy": "1"}
    assert tree.note.endswith("device, pipe, out, nothing")


def test_a_hard_link_to_elsewhere_spoils_the_archive() -> None:
    archive = tar_of(("good", "1"), member("evil", tarfile.LNKTYPE, "/etc/passwd"))
    with pytest.raises(SourceAnswerUnusable, match="/etc/passwd"):
        read_archive(io.BytesIO(archive), new_tree())


def test_nothing_is_written_through_a_link_or_a_file() -> None:
    tree = new_tree()
    tree.add_link("a", "b")
    tree.add_file("a/x", io.BytesIO(b"1"))
    tree.add_file("f", io.BytesIO(b"2"))
    tree.add_file("f/y/z", io.BytesIO(b"3"))
    assert contents(tree) == {"a": "-> b", "f": "2"}
    assert "a/x, f/y/z" in tree.note


@pytest.mark.parametrize(
    "name",
    ["../a", "/etc/passwd", "a/../../b", "a\nb", "\x1b[2J", "a" * 300, "b/" * 600 + "a", "\udcff"],
)
def test_a_name_that_leads_elsewhere_spoils_the_archive(name: str) -> None:
    with pytest.raises(SourceAnswerUnusable, match="it has a file named"):
        new_tree().add_file(name, io.BytesIO(b""))


def test_a_bomb_is_not_unpacked() -> None:
    zeros = bytes(64 * MIB)
    info = tarfile.TarInfo("zeros")
    info.size = len(zeros)
    bombs = (zstd_of(tar_of(info)), zip_of({"zeros": zeros.decode()}))
    for bomb in bombs:
        assert len(bomb) < MIB
        tree = new_tree(most=2 * MIB)
        with pytest.raises(SourceAnswerUnusable, match="more than 2 MiB"):
            read_archive(io.BytesIO(bomb), tree)


def test_a_comment_of_gigabytes_is_not_read() -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = member("x", kind, size=8 * 1024 * MIB).tobuf(tarfile.GNU_FORMAT)
        with pytest.raises(SourceAnswerUnusable, match="no readable tar"):
            read_archive(io.BytesIO(zstd_of(header + bytes(2 * MIB))), new_tree())


@pytest.mark.parametrize("cut", [700, 1100, 1536, 2048, 2600, 3072])
@pytest.mark.parametrize("kind", ["tar", "zst", "gz"])
def test_half_an_archive_is_none(cut: int, kind: str) -> None:
    whole = tar_of(("a", "x" * 600), ("b", "y" * 600))[:cut]
    assert len(whole) == cut
    archive = {"tar": whole, "zst": zstd_of(whole), "gz": _gz(whole)}[kind]
    with pytest.raises(SourceAnswerUnusable, match="no readable tar"):
        read_archive(io.BytesIO(archive), new_tree())


@pytest.mark.parametrize("kind", ["zst", "gz", "xz", "zip"])
def test_a_download_that_was_cut_off_is_no_archive(kind: str) -> None:
    noise = Path(__file__).read_text()
    plain = tar_of(("a", noise))
    archive = {
        "zst": zstd_of(plain),
        "gz": tar_of(("a", noise), mode="w:gz"),
        "xz": tar_of(("a", noise), mode="w:xz"),
        "zip": zip_of({"a": noise}),
    }[kind]
    with pytest.raises(SourceAnswerUnusable, match="no readable tar"):
        read_archive(io.BytesIO(archive[: len(archive) * 2 // 3]), new_tree())


@pytest.mark.parametrize(
    "junk", [b"", b"PK", b"<html>", b"\x28\xb5\x2f\xfd", bytes(100), b"x" * 600]
)
def test_what_is_no_archive_is_called_that(junk: bytes) -> None:
    with pytest.raises(SourceAnswerUnusable, match="no readable tar"):
        read_archive(io.BytesIO(junk), new_tree())


def test_there_are_only_so_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_ENTRIES", 3)
    tree = new_tree()
    for number in range(3):
        tree.add_file(str(number), io.BytesIO(b""))
    with pytest.raises(SourceAnswerUnusable, match="more than 3 files"):
        tree.add_file("4", io.BytesIO(b""))


def test_an_archive_that_would_be_too_large_is_not_written(tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as noise, Path("/dev/urandom").open("rb") as random:
        noise.write(random.read(3 * MIB))
        noise.seek(0)
        tree = new_tree(most=4 * MIB)
        tree.add_file("noise", noise)
    with pytest.raises(SourceAnswerUnusable, match="--max-archive"):
        pack(tree.entries(), tree.spool, tmp_path / "a", at=1, most=2 * MIB)


def _gz(plain: bytes) -> bytes:
    return gzip.compress(plain)
