"""Nothing is left behind, however the process ends that started the children."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM, Signals

import pytest

from playground.processes import PortTaken, Processes, ProcessFailed, free_port

HACK = Path(__file__).parents[2] / "hack"

CLUSTER = """
from playground.cluster import LocalCluster
with LocalCluster.start() as cluster:
    tell(cluster.folder, cluster.processes)
"""

SLEEPERS = """
from playground.{module} import {group}
with {group}() as processes:
    processes.start("sleep", ["sleep", "1000"])
    processes.start("shell", ["sh", "-c", "sleep 1000 & wait"])
    tell(processes.folder, processes)
"""

SLEEPERS_OF = [
    pytest.param(SLEEPERS.format(module="processes", group="Processes"), id="processes"),
    pytest.param(SLEEPERS.format(module="loaded", group="Loaded"), id="forks"),
]

TELL = """
import json, os, pathlib, sys
def tell(folder, processes):
    children = list(processes.pids.values())
    stat = pathlib.Path(f"/proc/{children[0]}/stat").read_text()
    supervisor = int(stat.rpartition(")")[2].split()[1])
    print(json.dumps([str(folder), supervisor, children]), flush=True)
"""


@dataclass
class Client:
    """A process that started children, and what it told of them."""

    process: subprocess.Popen[str]
    folder: Path
    supervisor: int
    children: list[int]


@contextmanager
def run(story: str, then: str) -> Iterator[Client]:
    """It is ended with the context in any case, as hard as can be."""
    with subprocess.Popen(
        [sys.executable, "-c", TELL + f"    {then}\n" + story],
        env={**os.environ, "PYTHONPATH": str(HACK)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            folder, supervisor, children = json.loads(process.stdout.readline())
            yield Client(process, Path(folder), supervisor, children)
        finally:
            process.kill()


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.02)


WAIT = "sys.stdin.read()"


@pytest.mark.cluster
@pytest.mark.parametrize("number", [SIGKILL, SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_cluster_leaves_nothing_when_its_owner_gets(number: Signals) -> None:
    with run(CLUSTER, WAIT) as client:
        assert len(client.children) == 5
        client.process.send_signal(number)
        until(lambda: not any(map(alive, [*client.children, client.supervisor])))
        until(lambda: not client.folder.exists())


@pytest.mark.parametrize(
    "then",
    [
        pytest.param("return", id="it leaves the context"),
        pytest.param("raise RuntimeError", id="an error passes"),
        pytest.param("os._exit(3)", id="it ends without unwinding"),
        pytest.param("os.abort()", id="it crashes"),
    ],
)
@pytest.mark.parametrize("story", SLEEPERS_OF)
def test_children_and_folder_go_when(story: str, then: str) -> None:
    with run(story, then) as client:
        client.process.communicate(timeout=30)
        until(lambda: not any(map(alive, [*client.children, client.supervisor])))
        until(lambda: not client.folder.exists())


@pytest.mark.parametrize("story", SLEEPERS_OF)
def test_children_go_with_a_killed_supervisor(story: str) -> None:
    with run(story, WAIT) as client:
        os.kill(client.supervisor, SIGKILL)
        until(lambda: not any(map(alive, client.children)))
    shutil.rmtree(client.folder)  # the one thing that nobody is left to remove


@pytest.mark.parametrize("story", SLEEPERS_OF)
def test_a_terminated_supervisor_clears_up(story: str) -> None:
    with run(story, WAIT) as client:
        os.kill(client.supervisor, SIGTERM)
        until(lambda: not any(map(alive, client.children)))
        until(lambda: not client.folder.exists())


def test_stop_returns_the_exit_code() -> None:
    with Processes() as processes:
        processes.start("calm", ["sh", "-c", "trap 'exit 7' TERM; touch ready; sleep 1000 & wait"])
        processes.wait_ready("calm", processes.folder.joinpath("ready").exists)
        assert processes.stop("calm") == 7
        assert processes.pids == {}


def test_an_early_end_is_an_error_with_the_end_of_the_log() -> None:
    with Processes() as processes:
        processes.start("hasty", ["sh", "-c", "echo no such option; exit 2"])
        with pytest.raises(ProcessFailed, match=r"hasty ended with 2:\nno such option"):
            processes.wait_ready("hasty", lambda: False)


def test_a_taken_port_is_told_apart() -> None:
    with Processes() as processes:
        processes.start(
            "late", ["sh", "-c", "echo listen tcp: bind: address already in use; false"]
        )
        with pytest.raises(PortTaken):
            processes.wait_ready("late", lambda: False)


def test_a_missing_program_is_an_error() -> None:
    with Processes() as processes, pytest.raises(ProcessFailed, match="/no/such/program"):
        processes.start("absent", ["/no/such/program"])


def test_tests_that_seed_the_generator_get_different_ports() -> None:
    def ports() -> list[int]:
        random.seed(1)
        return [free_port() for _ in range(5)]

    assert ports() != ports()
