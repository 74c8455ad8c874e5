"""The pod's folder: what is switched, kept, repaired, removed, and never touched."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubervisor.datarollout.deployer.folder import OURS, DataFolder
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.problems import FolderBusy, FolderRefused
from kubervisor.datarollout.deployer.unpacking import unpack
from kubervisor.datarollout.versions import Version
from tests.datarollout.deploying import everything, file, link, packed, version_of


class Pod:
    """A folder, and the steps of a deployment in it."""

    def __init__(self, location: Path) -> None:
        self.location = location
        self.data = DataFolder(location)
        self.data.open()

    def bring(self, text: str) -> Version:
        archive = packed(file("text", text.encode()), file("sub/more", b"more"), link("l", "text"))
        version = version_of(archive)
        self.data.archive(version).write_bytes(archive)
        unpacked, listing = self.data.unpacked(version)
        with self.data.archive(version).open("rb") as read, listing.open("w") as listed:
            unpack(read, unpacked, listed, Limits())
        self.data.keep(version)
        return version

    def deploy(self, name: str, text: str) -> Version:
        version = self.bring(text)
        self.switch(name, version)
        return version

    def switch(self, name: str, version: Version) -> bool:
        found = self.data.find(version)
        assert found is not None
        done = self.data.switch(name, found)
        self.data.tidy({version.sha256})
        return done

    def text(self, name: str) -> str:
        return (self.location / name / "text").read_text()

    def versions(self) -> set[str]:
        return {path.name for path in (self.location / OURS / "versions").iterdir()}


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    made = Pod(tmp_path)
    yield made
    made.data.close()


def test_a_name_is_a_relative_link_to_a_complete_version(pod: Pod) -> None:
    version = pod.deploy("conf", "one")
    link_to = (pod.location / "conf").readlink()
    assert str(link_to) == f".kubervisor-data/versions/{version.sha256}"
    assert pod.text("conf") == "one"
    ours = everything(pod.location / OURS)
    assert [name for name in ours if name.startswith("partial/")] == []
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (pod.location / OURS).glob("**/")}
    assert modes == {0o755}


def test_it_can_be_read_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        made = Pod(tmp_path)
        made.deploy("conf", "one")
        made.data.close()
    finally:
        os.umask(old)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / OURS).glob("**/")}
    assert modes == {0o755}


def test_the_version_in_use_and_the_one_before_are_kept(pod: Pod) -> None:
    pod.deploy("conf", "one")
    two, three = pod.deploy("conf", "two"), pod.deploy("conf", "three")
    assert pod.versions() == {two.sha256, three.sha256}
    assert pod.text("conf") == "three"

    assert pod.switch("conf", two)  # it is there: nothing is downloaded
    assert pod.text("conf") == "two"
    assert pod.versions() == {two.sha256, three.sha256}
    assert not pod.switch("conf", two)
    assert pod.versions() == {two.sha256, three.sha256}


def test_each_name_keeps_its_own(pod: Pod) -> None:
    a, b = pod.deploy("a", "a1"), pod.deploy("b", "b1")
    pod.switch("c", a)  # the same bytes are kept once
    a2 = pod.deploy("a", "a2")
    assert pod.versions() == {a.sha256, b.sha256, a2.sha256}
    assert [pod.text(name) for name in "abc"] == ["a2", "b1", "a1"]
    pod.deploy("a", "a3")
    assert a.sha256 in pod.versions()  # c has it


@pytest.mark.parametrize("kind", ["file", "folder", "link", "link beside ours", "link to nowhere"])
def test_what_is_not_ours_is_never_touched(pod: Pod, kind: str) -> None:
    version = pod.bring("one")
    place = pod.location / "conf"
    match kind:
        case "file":
            place.write_text("theirs")
        case "folder":
            (place / "theirs").mkdir(parents=True)
        case "link":
            place.symlink_to("/etc")
        case "link beside ours":
            place.symlink_to(f"{OURS}/versions/latest")
        case _:
            place.symlink_to("nowhere")
    before = everything(pod.location)
    found = pod.data.find(version)
    assert found is not None
    with pytest.raises(FolderRefused, match=r"conf is there and is not ours: move it away"):
        pod.data.switch("conf", found)
    assert everything(pod.location) == before


def test_what_others_put_anywhere_stays(pod: Pod) -> None:
    strange = ["theirs", f"{OURS}/theirs", f"{OURS}/versions/theirs", f"{OURS}/partial/theirs"]
    for name in strange:
        (pod.location / name).mkdir()
        (pod.location / name / "file").write_text("theirs")
    for text in "123":
        pod.deploy("conf", text)
    pod.data.close()
    again = DataFolder(pod.location)
    again.open()
    again.tidy(set())
    again.close()
    assert all((pod.location / name / "file").read_text() == "theirs" for name in strange)


DAMAGES = {
    "a file is gone": lambda folder: (folder / "text").unlink(),
    "a file is shorter": lambda folder: (folder / "text").write_text(""),
    "a link is gone": lambda folder: (folder / "l").unlink(),
    "a file is a link": lambda folder: _relink(folder / "text", "sub/more"),
    "a folder is gone": lambda folder: shutil.rmtree(folder / "sub"),
    "all is gone": shutil.rmtree,
}


def _relink(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_version_is_not_found_and_is_replaced_beside_itself(
    pod: Pod, damage: object
) -> None:
    version = pod.deploy("conf", "one")
    assert callable(damage)
    damage(pod.location / OURS / "versions" / version.sha256)
    assert pod.data.find(version) is None

    pod.deploy("conf", "one")
    assert pod.text("conf") == "one"
    assert len(pod.versions()) == 1
    again = pod.data.find(version)
    assert again is not None
    assert not pod.data.switch("conf", again)


def test_a_version_whose_list_is_gone_is_not_believed(pod: Pod) -> None:
    version = pod.deploy("conf", "one")
    (pod.location / OURS / "listings" / version.sha256).unlink()
    assert pod.data.find(version) is None


def test_what_the_application_adds_is_no_damage(pod: Pod) -> None:
    version = pod.deploy("conf", "one")
    (pod.location / "conf/cache").write_text("its own")
    assert pod.data.find(version) == version.sha256


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderRefused, match="mount a volume there"):
        DataFolder(tmp_path / "missing").open()


def test_a_link_in_place_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / OURS).symlink_to("../elsewhere")
    with pytest.raises(FolderRefused, match="is not ours: move it away"):
        DataFolder(tmp_path / "data").open()
    assert everything(tmp_path / "elsewhere") == {}


def test_a_file_in_place_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / OURS).write_text("theirs")
    with pytest.raises(FolderRefused, match="is not ours: move it away"):
        DataFolder(tmp_path).open()
    assert (tmp_path / OURS).read_text() == "theirs"


def test_two_deployers_never_work_in_one_folder(pod: Pod) -> None:
    other = DataFolder(pod.location)
    with pytest.raises(FolderBusy, match="a volume of its own"):
        other.open()
    pod.data.close()
    other.open()
    other.close()


def test_archives_of_what_is_still_wanted_are_kept(pod: Pod) -> None:
    wanted, unwanted = version_of(b"wanted"), version_of(b"unwanted")
    for version in (wanted, unwanted):
        pod.data.archive(version).write_bytes(b"part")
    pod.data.tidy({wanted.sha256})
    assert pod.data.archive(wanted).exists()
    assert not pod.data.archive(unwanted).exists()
