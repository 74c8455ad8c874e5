"""`kubervisor testworkload`: well until it is told to fail, and well again in time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from signal import SIGTERM
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from kubervisor.cli.testworkload import Workload, make_server
from playground.processes import Processes, free_port
from tests.watchdog.pods_in_error import Time

Ask = Callable[[str, str], int]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ask(time: Time) -> Iterator[Ask]:
    with make_server("127.0.0.1", 0, Workload(600, time)) as server:
        address = f"127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield lambda method, path: status(address, method, path)
        server.shutdown()
        serving.join()


def status(address: str, method: str, path: str) -> int:
    data = b"" if method == "POST" else None
    try:
        with urlopen(Request(f"http://{address}{path}", data, method=method), timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def test_its_watchdog_fails_for_ten_minutes_after_it_was_told_to(ask: Ask, time: Time) -> None:
    assert ask("GET", "/watchdog") == 200
    assert ask("POST", "/fail") == 200
    assert ask("GET", "/watchdog") == 500
    time.now += 599
    assert ask("GET", "/watchdog?why") == 500
    time.now += 1
    assert ask("GET", "/watchdog") == 200


def test_it_can_be_told_again_while_it_fails(ask: Ask, time: Time) -> None:
    ask("POST", "/fail")
    time.now += 599
    ask("POST", "/fail")
    time.now += 599
    assert ask("GET", "/watchdog") == 500


def test_it_is_there_while_its_watchdog_fails(ask: Ask) -> None:
    ask("POST", "/fail")
    assert ask("GET", "/ping") == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/fail"), ("POST", "/ping")])
def test_it_has_no_other_pages(ask: Ask, method: str, path: str) -> None:
    assert ask(method, path) == 404


def test_the_command_listens_where_the_variable_says_and_ends_on_sigterm() -> None:
    port = free_port()
    with Processes() as processes:
        command = [sys.executable, "-m", "kubervisor", "testworkload"]
        # LISTEN_PORT alone would be on every interface of this machine.
        address = f"127.0.0.1:{port}"
        processes.start("workload", [*command, f"--listen={address}"])
        processes.wait_ready("workload", lambda: answers(address))
        assert status(address, "POST", "/fail") == 200
        assert processes.stop("workload", SIGTERM) == 0


def answers(address: str) -> bool:
    try:
        return status(address, "GET", "/ping") == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    "arguments", [["--listen=8080"], ["--listen=x:99999"], ["--fail-seconds=-1"]]
)
def test_what_cannot_be_used_is_bad_usage(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "kubervisor", "testworkload", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "Error: Invalid value for" in ended.stderr
