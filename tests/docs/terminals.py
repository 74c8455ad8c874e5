"""The two terminals of a reader: one with the playground, one in which the steps are typed."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.docs.pages import ROOT

_EXPORT = re.compile(r"export (\w+)=(.*)")
_ENDED = "\x1eended"
LONGEST = 240.0
"""Seconds for all steps of a page."""


@contextmanager
def playground(program: str = "stage", last: str = "DETECTOR") -> Iterator[Mapping[str, str]]:
    """What `make playground` runs, and the variables that it says to export, up to the `last`."""
    first = subprocess.Popen(
        [sys.executable, "-m", f"playground.{program}"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "hack")},
    )
    try:
        yield _exported(first, last)
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate()


def _exported(first: subprocess.Popen[str], last: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    assert first.stdout is not None
    for line in first.stdout:
        if found := _EXPORT.match(line):
            (value,) = shlex.split(found[2])
            variables[found[1]] = os.path.expandvars(value)
            if found[1] == last:
                return variables
    raise AssertionError(f"the playground ended with {first.wait()}, having said {variables}")


def type_in(steps: Sequence[str], variables: Mapping[str, str], home: Path) -> list[str]:
    """Type these steps into one bash at the root of the repository: what each of them printed.

    Raises AssertionError, with all that was printed, when a command fails.
    """
    script = "\n".join(["set -eo pipefail", *(f"{step}\necho {_ENDED}" for step in steps)])
    own = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_PROXY": "*"}
    second = subprocess.Popen(
        ["bash", "-c", script],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=own | dict(variables),
        start_new_session=True,
    )
    try:
        printed, _ = second.communicate(timeout=LONGEST)
    finally:
        with suppress(ProcessLookupError):  # what a step began in the background, and a shell
            os.killpg(second.pid, signal.SIGKILL)
    assert second.returncode == 0, printed.replace(_ENDED, "")
    return printed.split(_ENDED)[:-1]
