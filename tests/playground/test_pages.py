"""The dashboard's pages are built once for the same sources. A small `npm` stands in here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

NODE = "#!/bin/sh\necho v$NODE_VERSION.0\n"
NPM = """#!/bin/sh
echo "$*" >> "$LOG"
[ "$1" = ci ] && mkdir -p node_modules
[ "$*" = "$FAILS" ] && exit 3
[ "$*" = "run --silent build" ] || exit 0
mkdir -p ../kubervisor/ui/static
rm -f ../kubervisor/ui/static/.built
echo "<html>" > ../kubervisor/ui/static/index.html
"""
CI = "ci --ignore-scripts --no-audit --no-fund --loglevel=error"
BUILD = "run --silent build"


class Tree:
    """A repository of just the pages, with a Node and an npm of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log, path = folder, folder / "calls", folder / "bin"
        for name in ("hack", "ui/src", "kubervisor/ui", "bin"):
            (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / "hack" / "pages.py", folder / "hack")
        self.write("package.json", "{}")
        self.write("package-lock.json", "{}")
        self.write("src/main.ts", "1")
        for name, program in (("node", NODE), ("npm", NPM)):
            (path / name).write_text(program)
            (path / name).chmod(0o755)
        self._env = {"PATH": f"{path}{os.pathsep}/usr/bin:/bin", "LOG": str(self._log)}

    def write(self, name: str, text: str) -> None:
        (self.folder / "ui" / name).write_text(text)

    def run(self, *words: str, version: str = "22.1", fails: str = "") -> tuple[int, str]:
        """Exit code and standard error."""
        done = subprocess.run(
            [sys.executable, "-IS", self.folder / "hack" / "pages.py", *words],
            env=self._env | {"NODE_VERSION": version, "FAILS": fails},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.stdout
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    def called(self) -> list[str]:
        """How npm was called since the last question."""
        said = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.unlink(missing_ok=True)
        return said


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_the_same_sources_are_built_once(tree: Tree) -> None:
    assert tree.run()[0] == 0
    assert tree.called() == [CI, BUILD]
    assert tree.run() == (0, "")
    assert tree.called() == []


def test_other_sources_are_built_again_on_the_same_packages(tree: Tree) -> None:
    tree.run()
    tree.called()
    tree.write("src/main.ts", "2")
    tree.run()
    assert tree.called() == [BUILD]


def test_another_lock_file_installs_again(tree: Tree) -> None:
    tree.run()
    tree.called()
    tree.write("package-lock.json", '{"lockfileVersion": 3}')
    tree.run()
    assert tree.called() == [CI, BUILD]


def test_a_build_that_failed_is_no_build(tree: Tree) -> None:
    code, said = tree.run(fails=BUILD)
    assert (code, said.splitlines()[-1].startswith("pages: `npm run --silent build`")) == (1, True)
    tree.called()
    assert tree.run()[0] == 0
    assert tree.called() == [BUILD]


def test_a_script_runs_on_the_installed_packages(tree: Tree) -> None:
    assert tree.run("--run", "check")[0] == 0
    assert tree.called() == [CI, "run --silent check"]


def test_without_a_node_that_is_new_enough_it_says_what_to_do(tree: Tree) -> None:
    code, said = tree.run(version="18.19")
    assert code == 1
    assert said.startswith("building the dashboard's pages\npages: no Node >= 20.19 with npm")
    assert "requirements/node.lock" in said
    assert tree.called() == []


def test_without_sources_it_says_so(tree: Tree) -> None:
    (tree.folder / "ui" / "package.json").unlink()
    code, said = tree.run()
    assert (code, "the sources of the dashboard are not there" in said) == (1, True)
