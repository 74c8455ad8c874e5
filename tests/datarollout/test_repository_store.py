"""What is on the repository's disk: whole at every moment, bounded, and one process's alone."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kubervisor.datarollout.repository.pack import Packed
from kubervisor.datarollout.repository.records import Held, read_record
from kubervisor.datarollout.repository.retention import Retention, surplus
from kubervisor.datarollout.repository.store import Store, StoreInUse
from kubervisor.datarollout.versions import Version
from kubervisor.errors import SourceUnavailable
from kubervisor.telemetry import logs
from tests.datarollout import crashing

LOG = logs.get("test")
MOST = 10_000


Opened = Callable[[Path], Store]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens stores, and closes what the test leaves open."""
    with ExitStack() as stack:

        def open_store(folder: Path) -> Store:
            store = Store(folder, LOG)
            stack.callback(store.close)
            return store

        yield open_store


def publish(store: Store, source: str, text: str, at: int, *, most: int = MOST) -> Version:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest().upper()
    archive = store.partial / f"{at}"
    archive.write_bytes(data)
    version = Version(f"{at:x}-{digest[:16]}.tar.zst", digest, at, len(data))
    store.publish(source, archive, Packed(digest, len(data)), Held(version, text), most=most)
    return version


def blobs(folder: Path) -> set[str]:
    return {path.name for path in folder.joinpath("blobs").iterdir()}


def is_whole(store: Store) -> bool:
    """Whether every published version is there, byte for byte, and nothing else is."""
    named = set()
    for source, record in store.records().items():
        for version in record.versions:
            found = store.find(source, version.path)
            assert found is not None
            data = found[1].read_bytes()
            assert hashlib.sha256(data).hexdigest().upper() == version.sha256
            named.add(found[1].name)
    return blobs(store.partial.parent) == named and not list(store.partial.iterdir())


def test_what_was_published_is_there_after_a_restart(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    version = publish(store, "words", "one", 1)
    store.note("words", origin="o", revision="r", spec="")
    store.close()
    again = opened(tmp_path)
    assert again.record("words").versions == (version,)
    assert again.record("words").known("o") == "r"
    assert again.record("words").known("another") == ""
    assert is_whole(again)


def test_the_same_bytes_are_stored_once_and_go_with_the_last_who_has_them(
    tmp_path: Path, opened: Opened
) -> None:
    store = opened(tmp_path)
    for source in ("a", "b"):
        publish(store, source, "same", 1)
    assert len(blobs(tmp_path)) == 1
    store.forget("a")
    assert is_whole(store)
    assert store.record("b").versions
    store.forget("b")
    assert not blobs(tmp_path)


def test_a_second_process_does_not_get_the_folder(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    with pytest.raises(StoreInUse, match="another repository"):
        opened(tmp_path)
    store.close()
    opened(tmp_path).close()


def test_what_was_lost_or_damaged_is_not_published(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    whole, lost, cut = (publish(store, "words", text, at) for at, text in enumerate("abc", 1))
    publish(store, "other", "d", 1)
    store.note("words", origin="o", revision="r", spec="")
    store.close()
    tmp_path.joinpath("blobs", f"{lost.sha256}.tar.zst").unlink()
    tmp_path.joinpath("blobs", f"{cut.sha256}.tar.zst").write_bytes(b"")
    again = opened(tmp_path)
    assert again.record("words").versions == (whole,)
    assert again.record("words").known("o") == "", "what was lost must be fetched again"
    assert again.record("other").versions
    assert is_whole(again)


ENDLESS = b'{"versions": [{"path": "a.tar", "sha256": "%b", "at": 1, "size": 1e999}]}' % (b"0" * 64)
JUNK = (b"", b"{", b"[]", b'{"versions": [{}]}', ENDLESS, b"\xff", b"[" * 100_000)


@pytest.mark.parametrize("junk", JUNK)
def test_an_unreadable_record_is_put_aside_and_no_other_source_s_trouble(
    tmp_path: Path, opened: Opened, junk: bytes
) -> None:
    store = opened(tmp_path)
    publish(store, "good", "1", 1)
    publish(store, "bad", "2", 1)
    store.close()
    tmp_path.joinpath("sources", "bad.json").write_bytes(junk)
    again = opened(tmp_path)
    assert list(again.records()) == ["good"]
    assert tmp_path.joinpath("sources", "bad.unreadable").exists()
    assert is_whole(again)
    publish(again, "bad", "3", 2)
    assert is_whole(again)


def test_names_of_callers_lead_nowhere_else(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path / "folder")
    version = publish(store, "words", "1", 1)
    assert store.find("words", version.path)
    for source, path in (
        ("words", "../sources/words.json"),
        ("..", version.path),
        ("words", version.sha256),
        ("", ""),
        ("../folder/words", version.path),
    ):
        assert store.find(source, path) is None


def test_no_room_is_no_version(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    publish(store, "words", "x" * 60, 1)
    with pytest.raises(SourceUnavailable, match="--max-source"):
        publish(store, "words", "y" * 60, 2, most=100)
    assert len(store.record("words").versions) == 1


def versions(*instants: int, size: int = 1) -> tuple[Version, ...]:
    return tuple(Version(f"{at:06}.tar", f"{at:064x}", at, size) for at in instants)


def test_the_newest_and_the_young_stay() -> None:
    some = versions(1, 2, 3, 50, 60)
    gone = surplus(some, Retention(2, 20.0), in_use=frozenset(), most_bytes=99, now=60)
    assert gone == some[:3]
    assert not surplus(some, Retention(2, 59.0), in_use=frozenset(), most_bytes=99, now=60)


def test_what_is_in_use_stays_by_digest_path_and_the_beginning_of_a_pin() -> None:
    some = versions(1, 2, 3, 4)
    names = frozenset({some[0].sha256.lower(), "000002", some[2].path, "0000"})
    assert not surplus(some, Retention(1, 0), in_use=names, most_bytes=1, now=9)


def test_nothing_goes_while_nobody_knows_what_is_in_use() -> None:
    some = versions(1, 2, 3, 4, size=1000)
    assert not surplus(some, Retention(1, 0), in_use=None, most_bytes=1, now=9)


def test_where_there_is_too_much_the_oldest_go_first_and_the_newest_never() -> None:
    some = versions(1, 2, 3, 4, size=10)
    young = Retention(10, 1000.0)
    assert surplus(some, young, in_use=frozenset(), most_bytes=25, now=9) == some[:2]
    assert surplus(some, young, in_use=frozenset(), most_bytes=0, now=9) == some[:3]


def test_a_death_at_any_step_leaves_a_usable_store(tmp_path: Path, opened: Opened) -> None:
    """Killed before and after every call that changes the disk; then it goes on with what is left.

    In children forked from this process: a new interpreter for each step would take minutes.
    """
    steps = _crash(tmp_path / "whole", 0)
    assert steps > 20
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        assert _crash(folder, step) == 0
        left = opened(folder)
        assert is_whole(left), f"step {step}"
        publish(left, "words", "after", 2**31)
        assert is_whole(left), f"after step {step}"
        left.close()


def _crash(folder: Path, step: int) -> int:
    """How many steps there were; 0 where it was killed at one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(crashing.publish_and_die(folder, step)).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        text = said.read()
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL if step else os.WEXITSTATUS(status) == 0
    return int(text or 0)


def test_a_record_is_read_as_it_was_written(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path)
    publish(store, "words", "one", 1)
    store.note("words", origin="o", revision='W/"x"', spec="git:https://host/a")
    assert read_record(tmp_path / "sources" / "words.json") == store.record("words")
