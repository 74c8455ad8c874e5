"""Git sources, from real repositories: what is fetched, and how little a hostile one achieves."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubervisor.datarollout.repository.credentials import Credential
from kubervisor.datarollout.repository.fetchers import Fetchers
from kubervisor.datarollout.repository.git import GitFetcher
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.repository.program import Program
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import Kind, SourceSpec
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceError,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from tests.datarollout.origins import GitOrigin
from tests.datarollout.packing import contents, new_tree

WITHIN = 20.0
SMALL = Limits(archive=4 * MIB, unpacked=8 * MIB, source=64 * MIB, seconds=30)


@pytest.fixture
def origin(tmp_path: Path) -> GitOrigin:
    return GitOrigin(tmp_path / "origin")


class Bench:
    """A fetcher of one repository, as the repository's process makes it."""

    def __init__(
        self, folder: Path, url: str, *, limits: Limits = SMALL, ref: str = "HEAD", path: str = ""
    ) -> None:
        self.scratch, self.stop = folder / "scratch", threading.Event()
        fetchers = Fetchers(self.scratch, limits, cluster=None, stop=self.stop, local=True)
        self.fetcher = fetchers.make(SourceSpec("words", Kind.GIT, url, ref, path), annotated=False)

    def fetch(self, known: str = "") -> tuple[str, dict[str, str]]:
        """Revision and files; an empty revision where nothing is new."""
        tree = new_tree(SMALL.unpacked)
        fetched = self.fetcher.fetch(tree, known)
        return (fetched.revision if fetched else ""), contents(tree)


def test_the_newest_commit_is_fetched_and_then_only_what_is_new(
    tmp_path: Path, origin: GitOrigin
) -> None:
    first = origin.commit({"a.txt": "1", "conf/b.txt": "2"}, at=1_700_000_000)
    bench = Bench(tmp_path, origin.url)
    tree = new_tree()
    fetched = bench.fetcher.fetch(tree, "")
    assert fetched is not None
    assert (fetched.revision, fetched.at) == (first, 1_700_000_000)
    assert contents(tree) == {"a.txt": "1", "conf/b.txt": "2"}
    assert bench.fetch(first) == ("", {})

    second = origin.commit({"a.txt": "3"})
    assert bench.fetch(first) == (second, {"a.txt": "3"})
    origin.git("reset", "--quiet", "--hard", first)
    assert bench.fetch(second)[0] == first


def test_branch_tag_and_folder_are_chosen(tmp_path: Path, origin: GitOrigin) -> None:
    origin.commit({"conf/live/a": "old", "b": "x"})
    origin.git("tag", "-a", "v1", "-m", "first")
    origin.git("branch", "calm/1.0")
    origin.commit({"conf/live/a": "new"})
    old = Bench(tmp_path / "1", origin.url, ref="refs/tags/v1", path="conf/live")
    assert old.fetch()[1] == {"a": "old"}
    assert Bench(tmp_path / "2", origin.url, ref="refs/heads/calm/1.0").fetch()[1]["b"] == "x"
    assert Bench(tmp_path / "3", origin.url, path="conf").fetch()[1] == {"live/a": "new"}
    for ref, path in (("refs/heads/none", ""), ("HEAD", "none"), ("HEAD", "conf/live/a")):
        with pytest.raises(SourceError):
            Bench(tmp_path / "4", origin.url, ref=ref, path=path).fetch()


def test_executables_and_links_stay_what_they_are(tmp_path: Path, origin: GitOrigin) -> None:
    origin.commit({"run": "#!/bin/sh", "d/a": "1"})
    origin.folder.joinpath("run").chmod(0o755)
    origin.folder.joinpath("d/link").symlink_to("../run")
    origin.folder.joinpath("out").symlink_to("/etc/passwd")
    origin.save()
    tree = new_tree()
    Bench(tmp_path, origin.url).fetcher.fetch(tree, "")
    assert [entry.path for entry in tree.entries() if entry.executable] == [("run",)]
    assert contents(tree)["d/link"] == "-> ../run"
    assert "out" in tree.note


def test_submodules_hooks_filters_and_large_files_do_nothing(
    tmp_path: Path, origin: GitOrigin
) -> None:
    mark = tmp_path / "mark"
    origin.commit(
        {
            ".gitattributes": "* filter=lfs diff=lfs\nhook filter=evil\n",
            ".gitmodules": f'[submodule "m"]\n\tpath = m\n\turl = ext::sh -c "touch {mark}"\n',
            ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:1/\n",
            "large": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        }
    )
    commit = origin.git("rev-parse", "HEAD")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{commit},m")
    origin.git("commit", "--quiet", "--message=module")
    origin.git("config", "filter.evil.smudge", f"touch {mark}")
    origin.git("config", "uploadpack.packObjectsHook", f"touch {mark}; exec")
    for hook in ("post-checkout", "reference-transaction", "post-merge", "pre-auto-gc"):
        path = origin.folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {mark}\n")
        path.chmod(0o755)
    _, files = Bench(tmp_path, origin.url).fetch()
    assert files["large"].startswith("version")
    assert "m" not in files
    assert not mark.exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {mark}",
        "--upload-pack=touch {mark}",
        "fd::7",
        "git://127.0.0.1:1/a",
        "ssh://-oProxyCommand=touch${{IFS}}{mark}/a",
    ],
)
def test_even_what_the_grammar_refuses_runs_nothing(tmp_path: Path, url: str) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(SourceError):
        Bench(tmp_path, url.format(mark=mark)).fetch()
    assert not mark.exists()


@pytest.mark.parametrize(
    "ref", ["--upload-pack=touch {mark}", "-q", "refs/heads/*", "refs/heads/--output={mark}", "a:b"]
)
def test_a_ref_is_no_option(tmp_path: Path, origin: GitOrigin, ref: str) -> None:
    mark = tmp_path / "mark"
    origin.commit({"a": "1"})
    with pytest.raises(SourceError):
        Bench(tmp_path, origin.url, ref=ref.format(mark=mark)).fetch()
    assert not mark.exists()


def test_local_protocols_are_closed_where_nobody_opened_them(
    tmp_path: Path, origin: GitOrigin
) -> None:
    origin.commit({"a": "1"})
    fetchers = Fetchers(tmp_path / "s", SMALL, cluster=None, stop=threading.Event())
    spec = SourceSpec("words", Kind.GIT, origin.url)
    with pytest.raises(SourceUnavailable, match="not allowed"):
        fetchers.make(spec, annotated=False).fetch(new_tree(), "")
    local = replace(spec, url="https://127.0.0.1:1/a")
    with pytest.raises(SourceError, match="loopback"):
        fetchers.make(local, annotated=False).fetch(new_tree(), "")


def test_a_repository_that_is_too_large_is_given_up(tmp_path: Path, origin: GitOrigin) -> None:
    origin.commit({"noise": os.urandom(9 * MIB)})
    bench = Bench(tmp_path, origin.url)
    with pytest.raises(SourceAnswerUnusable, match="more than 4 MiB"):
        bench.fetch()
    assert not list(bench.scratch.rglob("*.git"))


def test_a_repository_that_grows_when_unpacked_is_given_up(
    tmp_path: Path, origin: GitOrigin
) -> None:
    origin.commit({"zeros": bytes(32 * MIB)})
    with pytest.raises(SourceAnswerUnusable, match="more than 8 MiB"):
        Bench(tmp_path, origin.url).fetch()


def test_what_is_kept_of_old_commits_is_bounded(tmp_path: Path, origin: GitOrigin) -> None:
    bench = Bench(tmp_path, origin.url)
    for _ in range(5):
        origin.commit({"noise": os.urandom(3 * MIB // 2)})
        assert bench.fetcher.fetch(new_tree(SMALL.unpacked), "")


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.git"


def test_a_silent_server_costs_its_time_and_leaves_no_process(tmp_path: Path, silent: str) -> None:
    bench = Bench(tmp_path, silent, limits=replace(SMALL, seconds=1.0))
    with pytest.raises(SourceTimeout, match="--fetch-timeout"):
        bench.fetch()
    _wait_no_process_with(silent)


def test_the_end_of_the_process_ends_what_is_under_way(tmp_path: Path, silent: str) -> None:
    bench = Bench(tmp_path, silent)
    bench.stop.set()
    with pytest.raises(SourceUnavailable, match="was ended"):
        bench.fetch()
    _wait_no_process_with(silent)


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceUnavailable, match="git is not installed"):
        Bench(tmp_path, "file:///srv/a").fetch()


def test_configuration_of_this_machine_has_no_effect(
    tmp_path: Path, origin: GitOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    origin.commit({"a": "1"})
    evil = f'[core]\n\tfsmonitor = touch {mark}\n[url "file:///none"]\n\tinsteadOf = file://\n'
    home = tmp_path / "home"
    home.mkdir()
    home.joinpath(".gitconfig").write_text(evil)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.pager=touch'")
    monkeypatch.setenv("GIT_DIR", "/none")
    monkeypatch.setenv("GIT_TRACE", str(mark))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {mark}")
    assert Bench(tmp_path, origin.url).fetch()[1] == {"a": "1"}
    assert not mark.exists()


SSH = """#!/bin/sh
echo "$@" > {seen}
for word in "$@"; do
  case "$word" in -oIdentityFile=*) f="${{word#-oIdentityFile=}}";
    stat -c %a "$f" >> {seen}; cat "$f" >> {seen};; esac
  last="$word"
done
exec sh -c "$last"
"""


def test_ssh_gets_its_key_as_a_file_that_nobody_else_reads(
    tmp_path: Path, origin: GitOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, seen = origin.commit({"a": "1"}), tmp_path / "seen"
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH.format(seen=seen))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n"
    (scratch := tmp_path / "scratch").mkdir()
    (home := tmp_path / "home").mkdir()
    fetcher = GitFetcher(
        SourceSpec("words", Kind.GIT, f"ssh://git@127.0.0.1:2222{origin.folder}"),
        scratch=scratch,
        program=Program(home, threading.Event()),
        limits=SMALL,
        credential=lambda: Credential(ssh_key=key, known_hosts="127.0.0.1 ssh-ed25519 A\n"),
        pinned=lambda *_: ["127.0.0.1"],
    )
    tree: Tree = new_tree()
    fetched = fetcher.fetch(tree, "")
    assert fetched is not None
    assert fetched.revision == commit
    said = seen.read_text()
    assert "-oStrictHostKeyChecking=yes" in said
    assert "-oUserKnownHostsFile=" in said
    assert "600\n-----BEGIN" in said
    assert not [path for path in scratch.rglob("*") if path.name in ("key", "known_hosts")]


def test_an_ssh_key_is_no_use_by_https(tmp_path: Path) -> None:
    (home := tmp_path / "home").mkdir()
    fetcher = GitFetcher(
        SourceSpec("words", Kind.GIT, "https://git.example.com/a"),
        scratch=tmp_path,
        program=Program(home, threading.Event()),
        limits=SMALL,
        credential=lambda: Credential(ssh_key="x"),
        pinned=lambda *_: ["192.0.2.1"],
    )
    with pytest.raises(SourceRejected, match="none of ssh"):
        fetcher.fetch(new_tree(), "")


def _wait_no_process_with(word: str) -> None:
    """Return once no process has the word in its arguments: the killed take a moment to end."""
    until_gone, pause = time.monotonic() + WITHIN, threading.Event()
    while found := _processes_with(word):
        assert time.monotonic() < until_gone, found
        pause.wait(0.05)


def _processes_with(word: str) -> list[str]:
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in lines.stdout.splitlines() if word in line and "ps -eo" not in line]
