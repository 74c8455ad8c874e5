"""Archives by HTTP: fetched when they change, bounded, and nothing said to anybody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubervisor.datarollout.repository.fetchers import Fetchers
from kubervisor.datarollout.repository.fetching import Fetched
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.specs import SourceSpec, read_spec, with_credential
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceNotAllowed,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from tests.datarollout.origins import Answer, Seen, WebOrigin, serving
from tests.datarollout.packing import contents, new_tree, tar_of, zip_of, zstd_of
from tests.security.certificates import Authority

LIMITS = Limits(archive=2 * MIB, unpacked=4 * MIB, source=64 * MIB, seconds=30)
BODY = zstd_of(tar_of(("conf/a", "1"), ("b", "2")))
CHANGED = "Sun, 01 Nov 2026 10:00:00 GMT"


def fetch(
    folder: Path,
    spec: SourceSpec,
    known: str = "",
    *,
    limits: Limits = LIMITS,
    local: bool = True,
    annotated: bool = False,
) -> tuple[Fetched | None, dict[str, str]]:
    fetchers = Fetchers(folder, limits, cluster=None, stop=threading.Event(), local=local)
    tree = new_tree(limits.unpacked)
    fetched = fetchers.make(spec, annotated=annotated).fetch(tree, known)
    return fetched, contents(tree)


def source(server: WebOrigin, options: str = "", path: str = "/a.tar.zst") -> SourceSpec:
    return read_spec("words", f"archive:{server.url(path)}{options}")


def test_it_is_fetched_once_for_each_etag(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Answer:
        if seen.headers.get("if-none-match") == '"one"':
            return Answer(304)
        return Answer(200, BODY, {"ETag": '"one"', "Last-Modified": CHANGED})

    with serving(answer) as server:
        fetched, files = fetch(tmp_path, source(server))
        assert fetched == Fetched('"one"', 1_793_527_200.0)
        assert files == {"conf/a": "1", "b": "2"}
        assert fetch(tmp_path, source(server), '"one"') == (None, {})
        assert fetch(tmp_path, source(server, "#path=conf"))[1] == {"a": "1"}


def test_without_an_etag_the_instant_of_the_last_change_serves(tmp_path: Path) -> None:
    def answer(seen: Seen) -> Answer:
        same = seen.headers.get("if-modified-since") == CHANGED
        return Answer(304) if same else Answer(200, zip_of({"a": "1"}), {"Last-Modified": CHANGED})

    with serving(answer) as server:
        fetched, files = fetch(tmp_path, source(server))
        assert fetched is not None
        assert files == {"a": "1"}
        assert fetch(tmp_path, source(server), fetched.revision) == (None, {})


def test_one_that_is_too_large_is_given_up_whatever_it_says_of_itself(tmp_path: Path) -> None:
    with (
        serving(lambda _: Answer(200, bytes(3 * MIB))) as server,
        pytest.raises(SourceAnswerUnusable, match="more than 2 MiB"),
    ):
        fetch(tmp_path, source(server))


def test_one_that_is_cut_off_is_none(tmp_path: Path) -> None:
    short = Answer(200, BODY[:50], {"Content-Length": "5000", "Connection": "close"})
    with serving(lambda _: short) as server, pytest.raises(SourceUnavailable, match="cut"):
        fetch(tmp_path, source(server))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(404), SourceRejected, "404"),
        (Answer(403), SourceRejected, "other credentials"),
        (Answer(503), SourceUnavailable, "503"),
        (Answer(206, BODY), SourceAnswerUnusable, "206"),
        (Answer(200, b"<html>"), SourceAnswerUnusable, "no readable tar"),
        (Answer(200, BODY, {"Content-Encoding": "gzip"}), SourceAnswerUnusable, "encoded"),
        (Answer(302, headers={"Location": "/again"}), SourceAnswerUnusable, "more than 3 times"),
        (Answer(302, headers={"Location": "file:///etc/passwd"}), SourceAnswerUnusable, "address"),
        (Answer(302, headers={"Location": "ftp://host/"}), SourceNotAllowed, "protocol"),
        (Answer(302, headers={"Location": "http://u:p@host/"}), SourceAnswerUnusable, "address"),
        (Answer(302), SourceAnswerUnusable, "address"),
    ],
)
def test_other_answers_are_told_apart(
    tmp_path: Path, answer: Answer, error: type[Exception], words: str
) -> None:
    with serving(lambda _: answer) as server, pytest.raises(error, match=words):
        fetch(tmp_path, source(server))


def test_a_server_that_never_ends_costs_its_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.tar"
        spec = read_spec("words", f"archive:{url}")
        with pytest.raises(SourceTimeout, match="--fetch-timeout"):
            fetch(tmp_path, spec, limits=replace(LIMITS, seconds=0.5))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "0.0.0.0"])
def test_addresses_of_this_machine_and_of_clouds_are_closed(tmp_path: Path, host: str) -> None:
    spec = read_spec("words", f"archive:http://{host}:1/a.tar")
    with pytest.raises(SourceNotAllowed):
        fetch(tmp_path, spec, local=False)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def credentials(tmp_path: Path, authority: Authority) -> str:
    folder = tmp_path / "secret"
    folder.mkdir()
    folder.joinpath("token").write_text("tok-4711\n")
    folder.joinpath("ca.crt").write_bytes(authority.certificate.read_bytes())
    return f"file:{folder}"


@pytest.fixture
def guarded(authority: Authority) -> Iterator[WebOrigin]:
    """A server with TLS that wants the token, and redirects /away to wherever the query says."""

    def answer(seen: Seen) -> Answer:
        if seen.path.startswith("/away?"):
            return Answer(307, headers={"Location": seen.path.partition("?")[2]})
        admitted = seen.headers.get("authorization") == "Bearer tok-4711"
        return Answer(200, BODY) if admitted else Answer(401)

    with serving(answer, certificate=authority.issue("web")) as server:
        yield server


def test_a_token_and_authorities_are_used(
    tmp_path: Path, guarded: WebOrigin, credentials: str
) -> None:
    spec = with_credential(source(guarded), credentials)
    assert fetch(tmp_path / "s", spec)[1] == {"conf/a": "1", "b": "2"}
    with pytest.raises(SourceUnavailable, match="TLS that can be trusted"):
        fetch(tmp_path / "s", source(guarded))


def test_a_redirect_on_the_same_host_keeps_the_token(
    tmp_path: Path, guarded: WebOrigin, credentials: str
) -> None:
    spec = with_credential(source(guarded, path="/away?/b.tar"), credentials)
    assert fetch(tmp_path / "s", spec)[1]


def test_no_other_host_gets_the_token(
    tmp_path: Path, guarded: WebOrigin, authority: Authority, credentials: str
) -> None:
    certificate = authority.issue("other")
    with serving(lambda _: Answer(200, BODY), certificate=certificate) as other:
        spec = with_credential(source(guarded, path=f"/away?{other.url()}"), credentials)
        assert fetch(tmp_path / "s", spec)[1]
    assert ["authorization" in seen.headers for seen in other.seen] == [False]
    with serving(lambda _: Answer(200, BODY)) as plain:
        spec = with_credential(source(guarded, path=f"/away?{plain.url()}"), credentials)
        with pytest.raises(SourceNotAllowed, match="https to another"):
            fetch(tmp_path / "s", spec)
    assert not plain.seen


def test_a_redirect_to_another_host_is_followed_without_the_token_but_not_for_pods(
    tmp_path: Path,
) -> None:
    with serving(lambda _: Answer(200, BODY)) as other:
        away = Answer(302, headers={"Location": other.url("/x", "localhost")})
        with serving(lambda _: away) as server:
            assert fetch(tmp_path, source(server))[1]
            assert "authorization" not in other.seen[0].headers
            with pytest.raises(SourceNotAllowed, match="another host"):
                fetch(tmp_path, source(server), annotated=True)
    assert len(other.seen) == 1
