"""Git over HTTP with credentials: they reach the one server they are for, and are seen nowhere."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubervisor.datarollout.repository.credentials import find_credential
from kubervisor.datarollout.repository.fetchers import Fetchers
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.specs import SourceSpec, read_spec
from kubervisor.errors import SourceError, SourceRejected, SourceUnavailable
from tests.datarollout.origins import Answer, GitOrigin, Seen, WebOrigin, serving, serving_git
from tests.datarollout.packing import contents, new_tree
from tests.security.certificates import Authority

TOKEN = "tok-4711-secret"
CODED = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
LIMITS = Limits(archive=4 * MIB, unpacked=8 * MIB, source=64 * MIB, seconds=30)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[WebOrigin]:
    """A server with the repository `words`, which wants the token."""
    GitOrigin(tmp_path / "root" / "words").commit({"a": "1"})
    with serving_git(tmp_path / "root", user="x-access-token", password=TOKEN) as server:
        yield server


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDS_TOKEN", TOKEN)


def fetch(folder: Path, spec: SourceSpec) -> dict[str, str]:
    fetchers = Fetchers(folder, LIMITS, cluster=None, stop=threading.Event(), local=True)
    tree = new_tree()
    fetchers.make(spec, annotated=False).fetch(tree, "")
    return contents(tree)


def source(url: str, credential: str = "#credential=env:WORDS_TOKEN") -> SourceSpec:
    return read_spec("words", f"git:{url}{credential}", local=True)


@pytest.mark.usefixtures("secret")
def test_the_token_opens_the_repository(tmp_path: Path, guarded: WebOrigin) -> None:
    assert fetch(tmp_path / "s", source(guarded.url("/words"))) == {"a": "1"}
    assert {seen.headers.get("authorization") for seen in guarded.seen} == {f"Basic {CODED}"}


def test_by_https_the_authorities_of_a_mounted_secret_count(tmp_path: Path) -> None:
    GitOrigin(tmp_path / "root" / "words").commit({"a": "1"})
    authority = Authority(tmp_path)
    secret = tmp_path / "secret"
    secret.mkdir()
    secret.joinpath("token").write_text(TOKEN)
    with serving_git(
        tmp_path / "root",
        user="x-access-token",
        password=TOKEN,
        certificate=authority.issue("git"),
    ) as server:
        spec = source(server.url("/words"), f"#credential=file:{secret}")
        with pytest.raises(SourceUnavailable, match="certificate"):
            fetch(tmp_path / "s", spec)
        assert not server.seen
        secret.joinpath("ca.crt").write_bytes(authority.certificate.read_bytes())
        assert fetch(tmp_path / "s", spec) == {"a": "1"}


def test_without_or_with_another_token_it_is_refused(
    tmp_path: Path, guarded: WebOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceRejected, match="other credentials"):
        fetch(tmp_path / "s", source(guarded.url("/words"), ""))
    monkeypatch.setenv("WORDS_TOKEN", "another-secret")
    with pytest.raises(SourceRejected, match="other credentials") as refused:
        fetch(tmp_path / "s", source(guarded.url("/words")))
    assert "another-secret" not in str(refused.value)


@pytest.mark.usefixtures("secret")
def test_no_command_line_and_no_file_has_the_token(tmp_path: Path) -> None:
    GitOrigin(tmp_path / "root" / "words").commit({"a": "1"})
    lines: list[bytes] = []

    def look(_: Seen) -> None:
        """While git waits for us, whoever can list processes looks."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(path.read_bytes())
            except OSError:
                continue

    with serving_git(
        tmp_path / "root", user="x-access-token", password=TOKEN, before=look
    ) as server:
        fetch(tmp_path / "s", source(server.url("/words")))
    asking = [line for line in lines if server.url("/words").encode() in line]
    assert asking, "nobody saw git at work"
    for held in (*lines, *(p.read_bytes() for p in (tmp_path / "s").rglob("*") if p.is_file())):
        assert TOKEN.encode() not in held
        assert CODED.encode() not in held


@pytest.mark.usefixtures("secret")
def test_a_redirect_is_not_followed_and_gets_no_token(tmp_path: Path) -> None:
    with serving(lambda _: Answer(404)) as other:

        def elsewhere(seen: Seen) -> Answer:
            return Answer(302, headers={"Location": other.url(seen.path, "localhost")})

        with serving_git(tmp_path, before=elsewhere) as server, pytest.raises(SourceError):
            fetch(tmp_path / "s", source(server.url("/words")))
    assert server.seen
    assert not other.seen


@pytest.mark.usefixtures("secret")
def test_what_the_server_quotes_of_the_token_is_not_repeated(tmp_path: Path) -> None:
    def quoting(seen: Seen) -> Answer:
        text = f"remote: you sent {seen.headers.get('authorization')} {TOKEN}\n".encode()
        return Answer(500, text, {"Content-Type": "text/plain"})

    with (
        serving_git(tmp_path, before=quoting) as server,
        pytest.raises(SourceError) as failed,
    ):
        fetch(tmp_path / "s", source(server.url("/words")))
    assert TOKEN not in str(failed.value)
    assert CODED not in str(failed.value)
    assert "words" not in str(failed.value)


def test_the_name_leads_where_it_was_checked_to_lead(
    tmp_path: Path, guarded: WebOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git connects to the address that was looked up before, whatever the name means to it."""
    monkeypatch.setenv("WORDS_TOKEN", TOKEN)
    monkeypatch.setattr(
        "kubervisor.datarollout.repository.addresses.Lookups.addresses",
        lambda *_, **__: ["127.0.0.1"],
    )
    url = guarded.url("/words", "no-such-name.invalid")
    assert fetch(tmp_path / "s", source(url)) == {"a": "1"}


@pytest.mark.parametrize(
    ("files", "header", "git_header"),
    [
        ({"token": "abc"}, "Bearer abc", "Basic eC1hY2Nlc3MtdG9rZW46YWJj"),
        ({"username": "u", "password": "p"}, "Basic dTpw", "Basic dTpw"),
        ({"token": "bearer abc\n"}, "bearer abc", "bearer abc"),
        ({"ca.crt": "PEM"}, "", ""),
    ],
)
def test_a_mounted_secret_is_read_by_its_keys(
    tmp_path: Path, files: dict[str, str], header: str, git_header: str
) -> None:
    for key, text in files.items():
        tmp_path.joinpath(key).write_text(text)
    found = find_credential(f"file:{tmp_path}")
    assert (found.header, found.git_header) == (header, git_header)
    assert found.ca == files.get("ca.crt", "")
    assert "abc" not in repr(found)


def test_a_credential_that_is_none_is_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    monkeypatch.setenv("BROKEN", "se\ncret")
    for reference in ("env:NONE", f"file:{path}", f"file:{tmp_path}", "env:BROKEN", "secret:a/b"):
        with pytest.raises(SourceRejected) as refused:
            find_credential(reference)
        assert reference in str(refused.value)
        assert "cret" not in str(refused.value).replace("secret:a/b", "")


def test_each_look_reads_the_credential_anew(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for text in ("one", "two"):
        path.write_text(text)
        assert find_credential(f"file:{path}").header == f"Bearer {text}"
