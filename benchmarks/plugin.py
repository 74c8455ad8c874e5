"""What `kubectl kubervisor` adds to the wait of whoever types it: from its start to its question.

Its first call of kubectl is answered by a program that does nothing, so kubectl's own time and the
API server's are not in it. The floor is an interpreter that does nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figure, percentile
from playground import binaries

ROOT = Path(__file__).resolve().parents[1]
NOTHING = "#!/bin/sh\necho '{\"items\": []}'\n"
TARGET = 100.0


def run(*, quick: bool) -> list[Figure]:
    """Start of the plugin beside that of Python, and kubectl's own start."""
    count = 15 if quick else 50
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        assemble = [sys.executable, str(ROOT / "kubectl-plugin" / "assemble.py"), folder]
        subprocess.run(assemble, check=True, stdout=subprocess.DEVNULL)
        kubectl = here / "kubectl"
        kubectl.write_text(NOTHING)
        kubectl.chmod(0o755)
        # The interpreter itself: the shell script of a version manager is no cost of ours.
        (here / "python3").symlink_to(Path(sys.executable).resolve())
        env = {"PATH": os.pathsep.join((folder, "/usr/bin", "/bin")), "HOME": folder}
        plugin = str(here / "kubectl-kubervisor")
        floor = _median([str(here / "python3"), "-S", "-c", "pass"], env, count)
        status = _median([plugin, "status"], env, count)
        usage = _median([plugin, "help"], env, count)
        real = shutil.copy(binaries.ensure() / "kubectl", here / "real")
        alone = _median([str(real), "version", "--client"], env, count)
    return [
        Figure("kubectl kubervisor status, before kubectl", status, "ms", floor, TARGET, count),
        Figure("kubectl kubervisor help", usage, "ms", floor, TARGET, count),
        Figure("kubectl itself, for comparison", alone, "ms", samples=count),
    ]


def _median(command: Sequence[str], env: Mapping[str, str], count: int) -> float:
    """Milliseconds a run of `command` takes; the first one, which reads from disk, is left out."""
    took = []
    for _ in range(count + 1):
        began = time.monotonic()
        subprocess.run(
            command, check=True, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        took.append(1000 * (time.monotonic() - began))
    return percentile(took[1:], 50)
