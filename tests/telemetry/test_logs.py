"""Logs: JSON where no terminal is, lines for people where one is, and a level that can change."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

PROGRAM = """
import os, signal, sys
from kubervisor.telemetry import logs
logs.set_up(level=sys.argv[1], form=sys.argv[2])
log = logs.get("kubervisor", service="cart")
for number in (None, signal.SIGUSR1, signal.SIGUSR1, signal.SIGUSR2):
    if number is not None:
        os.kill(os.getpid(), number)
    for method in ("debug", "info", "warning", "error"):
        getattr(log, method)("Said", at=method)
"""
ALL = ["debug", "info", "warning", "error"]


def said(level: str) -> list[str]:
    """What gets through, in order: at the start, after SIGUSR1, again, and after SIGUSR2."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, "auto"], capture_output=True, text=True, check=True
    )
    return [json.loads(line)["at"] for line in done.stderr.splitlines()]


def test_signals_show_debug_lines_and_go_back_to_the_level_of_the_start() -> None:
    assert said("info") == ["info", "warning", "error", *ALL, *ALL, "info", "warning", "error"]
    assert said("error") == ["error", *ALL, *ALL, "error"]


def test_on_a_terminal_lines_are_for_people() -> None:
    ours, its = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, "warning", "auto"], stderr=its, check=True, timeout=60
        )
        shown = os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(its)

    first = re.sub(r"\x1b\[\d*m", "", shown.splitlines()[0])
    assert re.match(r"\d{4}-\d\d-\d\dT\S+Z \[warning *\] Said ", first)
    assert "service=cart" in first


def test_a_line_says_when_how_bad_who_and_of_what() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "info", "json"], capture_output=True, text=True, check=True
    )
    line = json.loads(done.stderr.splitlines()[0])
    assert line.keys() == {"ts", "level", "event", "logger", "service", "at"}
