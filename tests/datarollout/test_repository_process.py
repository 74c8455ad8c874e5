"""The repository as a process: what it serves, to whom, and what becomes of it at bad moments."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubervisor.cli import main
from tests.datarollout.origins import Answer, GitOrigin, serving, serving_git
from tests.datarollout.packing import tar_of, unpacked
from tests.datarollout.repositories import RunningRepository
from tests.integration.guard import until

TOKEN = "tok-4711-secret"
OTHER = "tok-0815-source"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> GitOrigin:
    origin = GitOrigin(tmp_path_factory.mktemp("origin") / "words")
    origin.commit({"a.txt": "hello", "big": os.urandom(300_000)})
    return origin


@pytest.fixture(scope="module")
def running(
    origin: GitOrigin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRepository]:
    """A good source between bad ones, written in the original's variable. None of them changes: to
    ask git for each of them all the time would keep the other tests waiting.
    """
    sources = f"bad:git:ext::x;none:git:file:///none;words:git:{origin.url};more:azmi:x"
    folder = tmp_path_factory.mktemp("repository")
    with RunningRepository(folder, env={"DataRepo__Sources": sources}, period=2) as repository:
        repository.wait_for("words")
        yield repository


def test_a_good_source_is_served_beside_bad_ones(running: RunningRepository) -> None:
    (version,) = running.published("words")
    reply = running.archive("words", version)
    assert reply.status == 200
    assert len(reply.body) == version.size
    assert reply.headers["etag"] == f'"{version.sha256}"'
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert unpacked(reply.body)["a.txt"] == "hello"
    assert running.published("none") == ()
    assert running.get("/ping").text == "ok\n"
    until(lambda: running.get("/readyz").status == 200, "it is ready")
    said = running.get("/readyz").text
    assert "source bad: its URL must begin with https://" in said
    assert "source more: it begins with none of" in said
    assert "source none: git could not read it" in said
    assert "source words" not in said
    metrics = running.get("/metrics").text
    assert 'kubervisor_data_source_failing{source="none"} 1.0' in metrics
    assert 'kubervisor_data_source_failing{source="words"} 0.0' in metrics
    assert "kubervisor_data_spec_problems 2.0" in metrics


def test_a_download_is_resumed_where_it_ended(running: RunningRepository) -> None:
    (version,) = running.published("words")
    whole = running.archive("words", version).body
    half = len(whole) // 2
    etag = f'"{version.sha256}"'
    rest = running.archive("words", version, Range=f"bytes={half}-", If_Range=etag)
    assert rest.status == 206
    assert rest.headers["content-range"] == f"bytes {half}-{len(whole) - 1}/{len(whole)}"
    assert whole[:half] + rest.body == whole
    other = running.archive("words", version, Range=f"bytes={half}-", If_Range='"another"')
    assert (other.status, other.body) == (200, whole)
    assert running.archive("words", version, Range=f"bytes={len(whole)}-").status == 416
    assert running.archive("words", version, If_None_Match=etag).status == 304


def test_the_manifest_is_sent_once(running: RunningRepository) -> None:
    etag = running.get("/.manifest").headers["etag"]
    assert running.get("/.manifest", If_None_Match=etag).status == 304
    assert running.get("/.manifest", If_None_Match='"x"').status == 200


def test_head_has_no_body_and_other_methods_are_refused(running: RunningRepository) -> None:
    (version,) = running.published("words")
    head = running.get(f"/words/{version.path}", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(version.size)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert running.get("/.manifest", method).status == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/words/none.tar.zst", 404),
        ("/none/none.tar.zst", 404),
        ("/words", 404),
        ("/", 404),
        ("/words/", 400),
        ("/words/../../lock", 400),
        ("/words/..%2f..%2flock", 400),
        ("/../sources/words.json", 400),
        ("/..%2fsources/words.json", 400),
        ("/%2e%2e/lock", 400),
        ("/words/%00", 400),
        ("/words//etc/passwd", 400),
        ("/sources/words.json", 404),
        ("/partial/words", 404),
    ],
)
def test_no_path_leads_out_of_what_is_published(
    running: RunningRepository, path: str, status: int
) -> None:
    reply = running.get(path)
    assert reply.status == status, reply.text
    assert b"versions" not in reply.body


def test_slow_callers_keep_nobody_waiting(running: RunningRepository) -> None:
    (version,) = running.published("words")
    idle = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(60)]
    try:
        for one in idle[:30]:
            one.sendall(b"GET /words/" + version.path.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert running.archive("words", version).status == 200
    finally:
        for one in idle:
            one.close()


def test_versions_survive_a_restart_and_a_bad_spec(
    tmp_path: Path,
) -> None:
    origin = GitOrigin(tmp_path / "origin")
    origin.commit({"a.txt": "hello"})
    flags = ("--source", f"words:git:{origin.url}")
    with RunningRepository(tmp_path / "r", *flags) as repository:
        repository.wait_for("words")
        origin.commit({"a.txt": "again"})
        before = repository.wait_for("words", 2)
        assert unpacked(repository.archive("words", before[1]).body) == {"a.txt": "again"}
        assert repository.stop() == 0
        assert repository.log()[-1]["event"] == "Stopped"
    with RunningRepository(tmp_path / "r", "--source=words:oops") as repository:
        assert repository.published("words") == before, "its spec cannot be read any more"
        assert repository.archive("words", before[0]).status == 200
        assert repository.get("/readyz").status == 200


def test_killed_while_it_packs_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    origin = GitOrigin(tmp_path / "origin")
    origin.commit({"noise": os.urandom(8_000_000)})
    flags = ("--source", f"words:git:{origin.url}")
    with RunningRepository(tmp_path / "r", *flags) as repository:
        partial = repository.folder / "partial"
        blobs = repository.folder / "blobs"
        until(lambda: [*partial.glob("*/archive"), *blobs.iterdir()], "it packs")
        repository.stop(signal.SIGKILL)
    with RunningRepository(tmp_path / "r", *flags) as repository:
        (version,) = repository.wait_for("words")
        assert repository.archive("words", version).status == 200
        assert len(list(repository.folder.joinpath("blobs").iterdir())) == 1
        assert not list(partial.iterdir())


def test_where_nothing_can_be_read_for_long_the_ping_says_so(tmp_path: Path) -> None:
    flags = ("--source", "words:git:file:///none")
    with RunningRepository(tmp_path, *flags, period=0.1) as repository:
        until(lambda: repository.get("/ping").status == 500, "it says so")
        assert "no source was read for" in repository.get("/ping").text
        assert "source words: git could not read it" in repository.get("/ping").text
        assert repository.get("/livez").status == 200


def test_the_end_waits_for_no_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        flags = (
            f"--source=words:git:http://127.0.0.1:{port}/a",
            f"--source=more:archive:http://127.0.0.1:{port}/a",
        )
        with RunningRepository(tmp_path, *flags) as repository:
            for _ in flags:
                silent.accept()[0].detach()
            assert repository.stop() == 0
    lines = [path.read_bytes() for path in _command_lines()]
    assert not [line for line in lines if f":{port}/a".encode() in line]


def _command_lines() -> Iterator[Path]:
    return (path for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())


def test_without_the_token_nothing_is_shown(origin: GitOrigin, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    flags = ("--source", f"words:git:{origin.url}", f"--token-file={path}")
    with RunningRepository(tmp_path / "r", *flags) as repository:
        right = {"Authorization": f"Bearer {TOKEN}"}
        until(lambda: b"Hash" in repository.get("/.manifest", **right).body, "a version")
        assert repository.get("/.manifest").status == 401
        for wrong in ("", "Bearer x", "Bearer", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN} {TOKEN}"):
            refused = repository.get("/.manifest", Authorization=wrong)
            assert refused.status == 401
            assert refused.headers["www-authenticate"].startswith("Bearer")
            assert b"words" not in refused.body
            assert repository.get("/words/x", Authorization=wrong).status == 401
        for page in ("/ping", "/livez", "/readyz", "/metrics"):
            assert repository.get(page).status == 200
        assert "kubervisor_data_refused_requests_total 13.0" in repository.get("/metrics").text
        path.write_text("another")
        assert repository.get("/.manifest", **right).status == 401
        assert repository.get("/.manifest", Authorization="Bearer another").status == 200
        path.unlink()
        for word in ("", "another", "None"):
            assert repository.get("/.manifest", Authorization=f"Bearer {word}").status == 401


def test_no_credential_gets_into_logs_pages_or_files(tmp_path: Path) -> None:
    """One source with the right credential, one whose server quotes it, one that has none."""
    GitOrigin(tmp_path / "root" / "words").commit({"a": "1"})
    quoting = Answer(500, f"you sent {OTHER}".encode(), {"X-Echo": OTHER})
    env = {"WORDS": TOKEN, "OTHER": OTHER, "KUBERVISOR_DATA_REPOSITORY_TOKEN": "tok-callers"}
    with (
        serving_git(tmp_path / "root", user="x-access-token", password=TOKEN) as server,
        serving(lambda _: quoting) as other,
    ):
        sources = (
            f"words:git:{server.url('/words')}#credential=env:WORDS;"
            f"quoted:git:{other.url('/a')}#credential=env:OTHER;"
            f"wrong:git:{server.url('/words')}#credential=env:OTHER;"
            f"inside:git:http://user:{TOKEN}@127.0.0.1/a"
        )
        with RunningRepository(tmp_path / "r", "--source", sources, env=env) as repository:
            right = {"Authorization": "Bearer tok-callers"}
            until(lambda: repository.get("/readyz").status == 200, "all were looked at")
            assert b"Hash" in repository.get("/.manifest", **right).body
            pages = [repository.get(page, **right).body for page in _PAGES]
            files = [path.read_bytes() for path in repository.folder.rglob("*") if path.is_file()]
            log = repository.processes.folder.joinpath("repository.log").read_bytes()
            line = Path(f"/proc/{repository.pid}/cmdline").read_bytes()
    assert TOKEN.encode() in line, "the source that has it in its URL was not even told"
    for text in (*pages, *files, log):
        for secret in (TOKEN, OTHER, "tok-callers"):
            assert secret.encode() not in text
    assert b"source wrong: it wants other credentials" in pages[1]
    assert b"source inside: its URL has a user or password in it" in pages[1]


_PAGES = ("/.manifest", "/readyz", "/metrics", "/ping")


def test_a_credential_of_a_mounted_secret_is_its_source_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secret"
    folder.mkdir()
    folder.joinpath("token").write_text(TOKEN)
    body = tar_of(("a", "1"))
    with serving_git(tmp_path) as server, serving(lambda _: Answer(200, body)) as other:
        flags = (
            f"--source=words:git:{server.url('/words')}",
            f"--source=other:archive:{other.url('/a.tar')}",
            f"--credentials=words={folder}",
        )
        with RunningRepository(tmp_path / "r", *flags) as repository:
            repository.wait_for("other")
            until(lambda: repository.get("/readyz").status == 200, "all were looked at")
    assert server.seen[0].headers["authorization"].startswith("Basic ")
    assert all("authorization" not in seen.headers for seen in other.seen)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "nothing to serve"),
        (["--source=a:git:https://h/a", "--credentials=b=/x"], "not NAME=DIR of a source"),
        (["--source=a:git:https://h/a", "--token-file=/none"], "holds no token"),
        (["--annotated-sources=https://*"], "is no pattern"),
        (["--source=a:git:https://h/a", "--listen=203.0.113.9:1"], "cannot listen"),
        (["--source=a:git:https://h/a", "--keep=0"], "--keep"),
    ],
)
def test_bad_usage_is_told_with_exit_code_2(tmp_path: Path, flags: list[str], words: str) -> None:
    command = ["data", "repository", f"--folder={tmp_path}", "--listen=127.0.0.1:0", *flags]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 2, done.output
    assert words in " ".join(done.output.split())


def test_a_folder_that_another_has_is_exit_code_1(running: RunningRepository) -> None:
    command = [sys.executable, "-m", "kubervisor", "data", "repository", "--listen=127.0.0.1:0"]
    flags = [f"--folder={running.folder}", "--source=a:git:https://h/a"]
    done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "used by another repository" in done.stderr
