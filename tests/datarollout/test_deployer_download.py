"""Downloads that are cut off, lied to, redirected, starved, and who hears a token."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubervisor.datarollout.deployer.address import Address, checked_url, choose_address
from kubervisor.datarollout.deployer.download import Downloader
from kubervisor.datarollout.deployer.problems import (
    RepositoryUnavailable,
    Superseded,
    VersionRefused,
)
from kubervisor.datarollout.versions import Version
from tests.datarollout.deploying import Asked, Repository, repository

MIB = 1 << 20
CONTENT = os.urandom(700_000)


@pytest.fixture(scope="module")
def served() -> Iterator[Repository]:
    with repository() as running:
        yield running


@pytest.fixture
def remote(served: Repository) -> Repository:
    served.script, served.asked[:] = lambda _: False, []
    return served


@pytest.fixture
def version(remote: Repository) -> Version:
    return remote.publish("shop", CONTENT)


class Fetch:
    """A download into a file of the test's."""

    def __init__(self, remote: Repository, into: Path) -> None:
        self.address, self.into = Address(remote.url), into
        self.taken = 0
        self.downloader = Downloader(most_bytes=MIB, stall_seconds=0.5)

    def __call__(self, version: Version) -> bytes:
        self.downloader.fetch(self.address, "shop", version, self.into, self._took)
        return self.into.read_bytes()

    def _took(self, size: int) -> None:
        self.taken += size


@pytest.fixture
def fetch(remote: Repository, tmp_path: Path) -> Fetch:
    return Fetch(remote, tmp_path / "archive")


def test_an_archive_comes_as_it_is(fetch: Fetch, version: Version, remote: Repository) -> None:
    assert fetch(version) == CONTENT
    (asked,) = remote.asked
    assert asked.path == f"/shop/{version.path}"
    assert asked.headers["accept-encoding"] == "identity"
    assert "authorization" not in asked.headers


def test_what_was_cut_off_goes_on_where_it_ended(
    fetch: Fetch, version: Version, remote: Repository
) -> None:
    def cut(asked: Asked) -> bool:
        if "range" in asked.headers:
            return False
        asked.begin(200, {"Content-Length": str(len(CONTENT))})
        asked.send(CONTENT[:300_000])
        asked.cut()
        return True

    remote.script = cut
    with pytest.raises(RepositoryUnavailable, match="hung up"):
        fetch(version)
    assert fetch.into.read_bytes() == CONTENT[:300_000]
    assert fetch(version) == CONTENT
    assert remote.asked[1].headers["range"] == "bytes=300000-"
    assert remote.asked[1].headers["if-range"] == f'"{version.sha256}"'
    assert fetch.taken == len(CONTENT)


def test_what_is_all_there_is_not_asked_for_again(fetch: Fetch, version: Version) -> None:
    fetch.into.write_bytes(CONTENT)
    assert fetch(version) == CONTENT
    assert fetch.taken == 0


def test_more_than_there_is_begins_anew(fetch: Fetch, version: Version) -> None:
    fetch.into.write_bytes(CONTENT + b"more")
    assert fetch(version) == CONTENT


def test_a_repository_without_ranges_gives_all_again(
    fetch: Fetch, version: Version, remote: Repository
) -> None:
    fetch.into.write_bytes(b"something else, and longer than nothing")

    remote.script = lambda asked: asked.answer(200, CONTENT)
    assert fetch(version) == CONTENT


def test_a_part_of_other_bytes_is_refused_and_begins_anew(fetch: Fetch, version: Version) -> None:
    fetch.into.write_bytes(b"x" * 1000)
    with pytest.raises(VersionRefused, match="other bytes"):
        fetch(version)
    assert not fetch.into.exists()
    assert fetch(version) == CONTENT


def test_other_bytes_are_refused(fetch: Fetch, version: Version, remote: Repository) -> None:
    remote.archives[f"/shop/{version.path}"] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(VersionRefused, match=f"other bytes for shop/{version.path}"):
        fetch(version)
    assert not fetch.into.exists()


@pytest.mark.parametrize("told", [len(CONTENT) - 5, 0])
def test_a_length_that_is_too_short_is_not_believed(
    fetch: Fetch, version: Version, remote: Repository, told: int
) -> None:
    def lie(asked: Asked) -> bool:
        asked.begin(200, {"Content-Length": str(told)})
        asked.send(CONTENT)
        asked.cut()
        return True

    remote.script = lie
    with pytest.raises(VersionRefused, match="other bytes"):
        fetch(version)


def test_a_length_that_is_too_long_is_a_cut(
    fetch: Fetch, version: Version, remote: Repository
) -> None:
    def lie(asked: Asked) -> bool:
        asked.begin(200, {"Content-Length": str(len(CONTENT) + 5)})
        asked.send(CONTENT)
        asked.cut()
        return True

    remote.script = lie
    with pytest.raises(RepositoryUnavailable):
        fetch(version)
    remote.script = lambda _: False
    assert fetch(version) == CONTENT


@pytest.mark.parametrize("told", [str(MIB + 1), "9" * 25, "-1", "many"])
def test_a_length_past_the_limit_is_refused_or_not_believed(
    fetch: Fetch, version: Version, remote: Repository, told: str
) -> None:
    def lie(asked: Asked) -> bool:
        asked.begin(200, {"Content-Length": told})
        asked.cut()
        return True

    remote.script = lie
    with pytest.raises((VersionRefused, RepositoryUnavailable)):
        fetch(version)


def test_endless_bytes_are_refused(fetch: Fetch, version: Version, remote: Repository) -> None:
    def pour(asked: Asked) -> bool:
        asked.begin(200, {"Connection": "close"})
        for _ in range(40):
            asked.send(bytes(MIB // 8))
        asked.cut()
        return True

    remote.script = pour
    with pytest.raises(VersionRefused, match="larger than 1 MiB"):
        fetch(version)
    assert not fetch.into.exists()


def test_silence_ends_a_download(fetch: Fetch, version: Version, remote: Repository) -> None:
    def silent(asked: Asked) -> bool:
        asked.begin(200, {"Content-Length": str(len(CONTENT))})
        asked.send(CONTENT[:1000])
        remote.ended.wait(30)
        return True

    remote.script = silent
    with pytest.raises(RepositoryUnavailable, match="fell silent"):
        fetch(version)
    assert fetch.into.read_bytes() == CONTENT[:1000]


def test_a_trickle_ends_a_download(fetch: Fetch, version: Version, remote: Repository) -> None:
    def trickle(asked: Asked) -> bool:
        asked.begin(200, {"Content-Length": str(len(CONTENT))})
        while not asked.handler.close_connection and not remote.ended.wait(0.05):
            asked.send(b"x")
        return True

    remote.script = trickle
    with pytest.raises(RepositoryUnavailable, match="bytes a second"):
        fetch(version)


def test_nobody_there_is_told(fetch: Fetch, version: Version) -> None:
    fetch.address = Address("http://127.0.0.1:9")
    with pytest.raises(RepositoryUnavailable, match="does not answer"):
        fetch(version)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_failures_that_may_pass(
    fetch: Fetch, version: Version, remote: Repository, status: int
) -> None:
    fetch.into.write_bytes(CONTENT[:1000])
    remote.script = lambda asked: asked.answer(status, b"later")
    with pytest.raises(RepositoryUnavailable, match=f"HTTP {status}"):
        fetch(version)
    assert fetch.into.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (301, "redirect"),
        (302, "redirect"),
        (307, "redirect"),
        (304, "redirect"),
        (401, "another token"),
        (403, "another token"),
        (404, "has no shop/"),
        (400, "HTTP 400"),
        (204, "HTTP 204"),
        (206, "another part"),
    ],
)
def test_answers_that_are_refused(
    fetch: Fetch, version: Version, remote: Repository, status: int, says: str
) -> None:
    remote.script = lambda asked: asked.answer(status, Location=f"{remote.url}/stolen")
    with pytest.raises(VersionRefused, match=says):
        fetch(version)
    assert [asked.path for asked in remote.asked] == [f"/shop/{version.path}"]


def test_another_part_than_asked_for_is_refused(
    fetch: Fetch, version: Version, remote: Repository
) -> None:
    fetch.into.write_bytes(CONTENT[:1000])
    told = f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
    remote.script = lambda asked: asked.answer(206, CONTENT, Content_Range=told)
    with pytest.raises(VersionRefused, match="another part"):
        fetch(version)


def test_a_compressed_answer_is_refused(fetch: Fetch, version: Version, remote: Repository) -> None:
    remote.script = lambda asked: asked.answer(200, CONTENT, Content_Encoding="gzip")
    with pytest.raises(VersionRefused, match="compressed"):
        fetch(version)


def test_who_is_asked_for_something_else_stops_and_keeps_what_came(
    fetch: Fetch, version: Version
) -> None:
    def took(_: int) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        fetch.downloader.fetch(fetch.address, "shop", version, fetch.into, took)
    kept = fetch.into.read_bytes()
    assert kept
    assert CONTENT.startswith(kept)
    assert fetch(version) == CONTENT


def _no_token() -> str:
    raise AssertionError("nobody needs the token")


def test_a_token_is_for_the_own_repository_alone(
    fetch: Fetch, version: Version, remote: Repository
) -> None:
    fetch.address = choose_address(remote.url, "http://annotated", lambda: "s3cret\n")
    fetch(version)
    assert remote.asked[0].headers["authorization"] == "Bearer s3cret"

    fetch.address = choose_address("", remote.url, _no_token)
    fetch.into.unlink()
    fetch(version)
    assert "authorization" not in remote.asked[1].headers


def test_the_own_setting_comes_before_the_annotation_before_autocranes() -> None:
    def chosen(own: str, annotated: str) -> str:
        return choose_address(own, annotated, _no_token).url

    assert chosen("http://own/", "http://annotated") == "http://own"
    assert chosen("", "https://annotated:8443/data/") == "https://annotated:8443/data"
    assert chosen("", "") == "http://datarepo"


@pytest.mark.parametrize(
    "url",
    [
        "datarepo",
        "ftp://datarepo",
        "file:///etc/passwd",
        "http://",
        "http://user:pass@datarepo",
        "http://datarepo?x=1",
        "http://datarepo#x",
        "http://data repo",
        "http://datarepo\r\nX: y",
        "http://[::1",
        "http://datarepo:99999",
        "http://datarepo:0",
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(VersionRefused, match="must be http") as refused:
        checked_url(url)
    assert "pass" not in str(refused.value)


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "caf\u00e9", "x" * 5000])
def test_a_token_that_cannot_be_sent_is_not_shown(
    fetch: Fetch, version: Version, remote: Repository, token: str
) -> None:
    fetch.address = Address(remote.url, lambda: token)
    with pytest.raises(VersionRefused, match="cannot be sent") as refused:
        fetch(version)
    assert token not in str(refused.value)
    assert remote.asked == []


def test_a_token_that_cannot_be_read_is_told(
    fetch: Fetch, version: Version, tmp_path: Path
) -> None:
    fetch.address = Address("http://own", (tmp_path / "missing").read_text)
    with pytest.raises(VersionRefused, match="cannot be read"):
        fetch(version)
