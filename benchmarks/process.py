"""What the kernel knows of a process: when it started, what it used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from playground.processes import memory_mb

_ROOT = Path(__file__).parents[1]
_IMPORTS = """
import pathlib, {}
status = pathlib.Path("/proc/self/status").read_text()
print(int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6)
"""
_TICKS = os.sysconf("SC_CLK_TCK")


def age(pid: int) -> float:
    """Seconds since the process started, exact to a tick of 10 ms."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(_stat(pid)[19]) / _TICKS


def cpu_seconds(pid: int) -> float:
    """Seconds of processor time that the process has used, all of its threads together."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / _TICKS


def peak_mb(pid: int) -> float:
    """The most resident memory the process ever had, in MB (10^6 bytes)."""
    return memory_mb(pid, "VmHWM")


def imported(module: str) -> tuple[float, float]:
    """Of an interpreter that only imports `module`: the seconds of its life, and its MB."""
    began = time.monotonic()
    said = subprocess.run(
        [sys.executable, "-c", _IMPORTS.format(module)],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return time.monotonic() - began, float(said.stdout)


def _stat(pid: int) -> list[str]:
    """Fields of proc(5) stat from the third, `state`, on: a name may hold blanks and brackets."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
