from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.process import age, cpu_seconds, peak_mb


def test_a_process_is_as_old_as_the_time_since_it_was_started() -> None:
    before = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        # A tick is 10 ms: the kernel cuts the instant of the start to one.
        assert 0 <= age(child.pid) <= time.monotonic() - before + 0.02
    finally:
        child.communicate(b"\n")


def test_work_is_told_in_seconds_of_processor_time() -> None:
    before = cpu_seconds(os.getpid())
    own = time.process_time()
    while time.process_time() - own < 0.1:
        sum(range(1000))
    assert cpu_seconds(os.getpid()) - before >= 0.08


def test_the_peak_of_memory_is_that_of_the_interpreter_at_least() -> None:
    assert 5 < peak_mb(os.getpid()) < 5000
