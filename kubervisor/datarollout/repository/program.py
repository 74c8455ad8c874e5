"""Runs the git program: for so long, so much on the disk, and with nothing of this machine's."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kubervisor.datarollout.repository.limits import MIB
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.text import printable, without_secrets

LOOK_SECONDS = 0.1
LONGEST_WORDS = 300
MOST_WORDS = 64 * 1024
"""Bytes that the program may say; the last of them are read."""

_REFUSED = (
    "Authentication failed",
    "could not read Username",
    "could not read Password",
    "Permission denied",
    "Host key verification failed",
    "error: 401",
    "error: 403",
)
_ABSENT = ("couldn't find remote ref", "not found", "does not exist", "Not a valid object name")


@dataclass(frozen=True, slots=True)
class Bounds:
    """`deadline` is of the monotonic clock. `size` counts bytes that the program writes, of which
    `most` are too many.
    """

    deadline: float
    most: int
    size: Callable[[], int]


class Program:
    """The git program, which finds no configuration but what it is given. `home` is an empty
    folder; `stop` ends whatever runs.
    """

    def __init__(self, home: Path, stop: threading.Event) -> None:
        self._home, self._stop = home, stop

    def run(
        self,
        arguments: Sequence[str],
        *,
        out: IO[bytes],
        environment: Mapping[str, str],
        bounds: Bounds,
        hidden: Callable[[str], str] = lambda text: text,
    ) -> None:
        """Run git with `arguments` and have it write to `out`.

        Raises SourceTimeout, SourceAnswerUnusable (too large), SourceRejected (credentials, or no
        such branch) and SourceUnavailable.
        """
        words_path = self._home.with_name(f"{self._home.name}.{threading.get_ident()}.words")
        with words_path.open("w+b") as words:
            words_path.unlink()
            try:
                process = subprocess.Popen(
                    ["git", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=words,
                    env={**self._bare(), **environment},
                    cwd=self._home,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise SourceUnavailable("the program git is not installed here") from None
            with process:
                try:
                    self._watch(process, bounds, words)
                finally:
                    _end(process)
            if process.returncode:
                raise _told(hidden(_last(words)))

    def _watch(self, process: subprocess.Popen[bytes], bounds: Bounds, words: IO[bytes]) -> None:
        while True:
            left = bounds.deadline - time.monotonic()
            with suppress(subprocess.TimeoutExpired):
                process.wait(min(LOOK_SECONDS, max(left, 0)))
            if bounds.size() > bounds.most:
                raise SourceAnswerUnusable(
                    f"it has more than {bounds.most // MIB} MiB; publish less, or raise "
                    "--max-archive"
                )
            if process.returncode is not None:
                return
            if left <= 0:
                raise SourceTimeout("git was not done in time; raise --fetch-timeout")
            if self._stop.is_set() or os.fstat(words.fileno()).st_size > MOST_WORDS:
                raise SourceUnavailable("git was ended")

    def _bare(self) -> dict[str, str]:
        """No configuration, prompts, proxies or traces of the environment: these are all there
        is.
        """
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_PROTOCOL_FROM_USER": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
        }


def settings(values: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Git's configuration as an environment, which no list of processes shows."""
    numbered = {
        key: text
        for number, (name, value) in enumerate(values)
        for key, text in ((f"GIT_CONFIG_KEY_{number}", name), (f"GIT_CONFIG_VALUE_{number}", value))
    }
    return {"GIT_CONFIG_COUNT": str(len(values)), **numbered}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: what fetches is a child of git's."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last(words: IO[bytes]) -> str:
    words.seek(0, os.SEEK_END)
    words.seek(max(0, words.tell() - MOST_WORDS))
    return words.read().decode(errors="replace")


def _told(words: str) -> SourceUnavailable | SourceRejected:
    """The error that git's words mean; they are others' words as well."""
    lines = [line.removeprefix("fatal: ") for line in words.splitlines() if line.strip()]
    heard = [line for line in lines if not line.startswith("remote:")]
    said = without_secrets(printable(" / ".join(heard[:2])))[:LONGEST_WORDS] or "nothing"
    if any(word in words for word in _REFUSED):
        return SourceRejected(f"it wants other credentials, or a known host key; git said: {said}")
    if any(word in words for word in _ABSENT):
        return SourceRejected(f"there is no such repository, branch, tag or folder: {said}")
    if "redirect" in words:
        return SourceUnavailable(f"it redirects, which is not followed; git said: {said}")
    return SourceUnavailable(f"git could not read it: {said}")
