"""The cache of programs is complete or absent, whoever builds. A small `go` stands in here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playground.binaries import PROGRAMS

ROOT = Path(__file__).parents[2]

GO = """#!/bin/sh
if [ "$1" = env ]; then echo go1.99; exit; fi
while [ "$1" != -o ]; do shift; done
echo build >> "$LOG"
sleep 0.3
touch $(printf "$2/%s " $NAMES)
exit $CODE
"""


class Builds:
    """`make controlplane` with a cache and a Go of its own."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self._log = folder / "builds"
        self._path = folder / "bin"
        self._path.mkdir()
        self._path.joinpath("go").write_text(GO)
        self._path.joinpath("go").chmod(0o755)

    def start(
        self, code: int = 0, names: frozenset[str] = PROGRAMS - {"etcd"} | {"server"}
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "playground.binaries"],
            env={
                "PATH": f"{self._path}{os.pathsep}{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT / "hack"),
                "XDG_CACHE_HOME": str(self.cache),
                "LOG": str(self._log),
                "NAMES": " ".join(names),
                "CODE": str(code),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, code: int = 0, names: frozenset[str] | None = None) -> tuple[int, str, str]:
        process = self.start(code) if names is None else self.start(code, names)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    @property
    def count(self) -> int:
        return self._log.read_text().count("build")

    def left_over(self) -> list[str]:
        """What there is in the cache beside the lock."""
        folder = self.cache / "kubervisor" / "controlplane"
        return [path.name for path in folder.iterdir() if path.name != "lock"]


@pytest.fixture
def builds(tmp_path: Path) -> Builds:
    return Builds(tmp_path)


def test_the_last_line_is_the_folder_of_all_programs(builds: Builds) -> None:
    code, output, _ = builds.run()
    assert code == 0
    assert {path.name for path in Path(output.splitlines()[-1]).iterdir()} == PROGRAMS


def test_what_is_built_is_not_built_again(builds: Builds) -> None:
    assert builds.run()[1] == builds.run()[1]
    assert builds.count == 1


def test_of_two_at_once_one_builds_and_both_have_it(builds: Builds) -> None:
    one, other = builds.start(), builds.start()
    assert one.communicate(timeout=60)[0] == other.communicate(timeout=60)[0]
    assert builds.count == 1
    assert len(builds.left_over()) == 1


def test_a_failed_build_counts_for_nothing(builds: Builds) -> None:
    code, output, errors = builds.run(code=1)
    assert (code, output) == (1, "")
    assert "go build ended with 1" in errors
    assert builds.left_over() == []
    assert builds.run()[0] == 0


def test_a_build_without_a_program_is_refused(builds: Builds) -> None:
    code, _, errors = builds.run(names=PROGRAMS - {"etcd", "kwok"} | {"server"})
    assert code == 1
    assert "the build gave no kwok" in errors
    assert builds.left_over() == []


def test_what_a_killed_build_left_is_cleared(builds: Builds) -> None:
    builds.run()
    (cache,) = builds.cache.glob("kubervisor/controlplane/*/etcd")
    cache.parent.rename(cache.parents[1] / "building-killed")
    builds.run()
    assert builds.left_over() == [cache.parent.name]
