"""A real git repository, in a folder, to which a playground commits data."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

EPOCH = 1_760_000_000
"""When the first commit is said to be; each next one is a minute later."""


class GitRepository:
    """The repository in `folder`, which is made, with nothing on its branch `main`.

    Attributes:
        url: where it can be cloned from, on this machine alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._commits = 0
        self.url = folder.as_uri()
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    def commit(self, files: Mapping[str, str], message: str) -> str:
        """Write these files and commit all there is; the commit's name."""
        for path, text in files.items():
            file = self._folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self._commits += 1
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={message}")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *args: str) -> str:
        now = f"{EPOCH + 60 * self._commits} +0000"
        whose = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "shop"), ("EMAIL", "shop@example"), ("DATE", now))
        }
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", "-C", str(self._folder), *args],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"], **own, **whose},
        )
        return done.stdout
