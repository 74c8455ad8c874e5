"""What the kernel knows of a process: when it started, what it used."""

from __future__ import annotations

import os
import time
from pathlib import Path

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
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes.split()[1]) * 1024 / 1e6


def _stat(pid: int) -> list[str]:
    """Fields of proc(5) stat from the third, `state`, on: a name may hold blanks and brackets."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
