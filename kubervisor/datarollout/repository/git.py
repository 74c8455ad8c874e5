"""Fetches one ref of a git repository, without ever checking anything out.

A bare repository beside the archives keeps what was fetched last, so that only what is new travels.
No hook, filter, submodule or large-file store has a part in it: nothing of the repository is run,
and nothing in it says what is fetched from where.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kubervisor.datarollout.repository.archives import read_archive
from kubervisor.datarollout.repository.credentials import Credential
from kubervisor.datarollout.repository.fetching import Fetched
from kubervisor.datarollout.repository.git_access import FIXED, GitAccess, Pinned
from kubervisor.datarollout.repository.limits import Limits
from kubervisor.datarollout.repository.program import Bounds, Program, settings
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import SourceSpec
from kubervisor.errors import SourceError

HEAD = "refs/kubervisor/head"
_FETCH = (
    "fetch",
    "--quiet",
    "--depth=1",
    "--no-tags",
    "--force",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--",
)


class GitFetcher:
    """One ref of one repository; `scratch` is a folder of its own."""

    def __init__(
        self,
        spec: SourceSpec,
        *,
        scratch: Path,
        program: Program,
        limits: Limits,
        credential: Callable[[], Credential],
        pinned: Pinned,
        local: bool = False,
    ) -> None:
        self._spec, self._scratch, self._program = spec, scratch, program
        self._limits, self._credential = limits, credential
        self._access = GitAccess(spec.url, "https:ssh:http:file" if local else "https:ssh", pinned)

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        """As `Fetcher` says; a revision is a commit."""
        deadline = time.monotonic() + self._limits.seconds
        name = hashlib.sha256(self._spec.url.encode()).hexdigest()[:16]
        folder = self._scratch / f"{name}.git"
        credential = self._credential()
        if _size(folder) > self._limits.archive // 2:
            shutil.rmtree(folder)  # it keeps all that was ever fetched
        try:
            with self._access.environment(credential, self._scratch, deadline) as environment:
                asked = _Asked(self._program, folder, environment, self._hiding(credential))
                fetched = self._update(asked, deadline)
            if fetched.revision == known:
                return None
            self._read(asked, tree, deadline)
        except SourceError:
            # It may be half a repository: begin anew next time.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return fetched

    def _update(self, asked: _Asked, deadline: float) -> Fetched:
        bounds = Bounds(deadline, self._limits.archive, lambda: _size(asked.folder))
        with tempfile.TemporaryFile(dir=self._scratch) as out:
            if not asked.folder.exists():
                asked.run(["init", "--quiet", "--bare", "--template="], out, bounds)
            asked.run([*_FETCH, self._spec.url, f"+{self._spec.ref}:{HEAD}"], out, bounds)
            asked.run(["log", "-1", "--format=%H %ct", HEAD, "--"], out, bounds)
            out.seek(0)
            commit, _, at = out.read().decode().strip().partition(" ")
        return Fetched(commit, float(at) if at.isdecimal() else None)

    def _read(self, asked: _Asked, tree: Tree, deadline: float) -> None:
        wanted = f"{HEAD}:{self._spec.path}" if self._spec.path else HEAD
        with tempfile.TemporaryFile(dir=self._scratch) as packed:
            bounds = Bounds(deadline, self._limits.unpacked, lambda: _length(packed))
            asked.run(["archive", "--format=tar", wanted], packed, bounds)
            packed.seek(0)
            read_archive(packed, tree)

    def _hiding(self, credential: Credential) -> Callable[[str], str]:
        return lambda text: credential.hidden(text).replace(self._spec.url, "(its URL)")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One repository's folder, and how git is run on it."""

    program: Program
    folder: Path
    environment: Mapping[str, str]
    hidden: Callable[[str], str]

    def run(self, arguments: list[str], out: IO[bytes], bounds: Bounds) -> None:
        is_asking = arguments[0] == "fetch"
        self.program.run(
            ["--git-dir", str(self.folder), *arguments],
            out=out,
            environment=self.environment if is_asking else settings(FIXED),
            bounds=bounds,
            hidden=self.hidden,
        )


def _size(folder: Path) -> int:
    """Bytes in the files of `folder`, of which some may go away meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{place}/{name}").st_size
            except OSError:
                continue
    return total


def _length(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size
