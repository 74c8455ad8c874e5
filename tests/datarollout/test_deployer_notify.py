"""Telling the application: by a signal to the right process, by a request to the pod itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kubervisor.datarollout.deployer.notify import by_request, by_signal, checked_loopback
from kubervisor.datarollout.deployer.problems import NotificationFailed
from kubervisor.datarollout.versions import Version

VERSION = Version("5f-a.tar.zst", "A" * 64)
WORKLOAD = r"""
import os, signal, sys
signal.signal(signal.SIGHUP, lambda *_: print("heard", flush=True))
child = os.fork()
if child == 0:
    signal.signal(signal.SIGHUP, lambda *_: print("worker heard", flush=True))
os.write(1, b"up\n")  # whole: two say so at once
signal.pause()
if child:
    os.kill(child, signal.SIGKILL)
    os.wait()
"""


@pytest.fixture
def workload(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process of an uncommon name, with a worker of the same."""
    name = f"app-{tmp_path.name[-8:]}"
    program = tmp_path / name
    program.symlink_to(sys.executable)
    started = subprocess.Popen(
        [program, "-c", WORKLOAD], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert started.stdout is not None
    assert [started.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]
    yield name, started
    started.kill()
    started.communicate()


def test_the_process_of_the_name_is_signalled_and_not_its_workers(
    workload: tuple[str, subprocess.Popen[str]],
) -> None:
    name, process = workload
    by_signal(signal.SIGHUP, name)("conf", VERSION)
    assert process.stdout is not None
    assert process.stdout.read() == "heard\n"  # up to its end


def test_a_process_that_is_not_there_is_told() -> None:
    with pytest.raises(NotificationFailed, match="shareProcessNamespace"):
        by_signal(signal.SIGHUP, "no such process at all")("conf", VERSION)


def test_a_process_that_ended_meanwhile_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    with pytest.raises(NotificationFailed, match="no process is called"):
        by_signal(signal.SIGHUP, "app", tmp_path)("conf", VERSION)


@contextmanager
def application(status: int) -> Iterator[tuple[str, list[bytes]]]:
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/reload", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_request_tells_name_and_version(status: int) -> None:
    with application(status) as (url, heard):
        by_request(url)("conf", VERSION)
    told = {"name": "conf", "path": VERSION.path, "sha256": VERSION.sha256}
    assert [json.loads(body) for body in heard] == [told]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_other_answer_is_a_failure(status: int) -> None:
    with (
        application(status) as (url, heard),
        pytest.raises(NotificationFailed, match=f"HTTP {status}"),
    ):
        by_request(url)("conf", VERSION)
    assert len(heard) == 1


def test_nobody_who_answers_is_a_failure() -> None:
    with pytest.raises(NotificationFailed, match="does not answer"):
        by_request("http://127.0.0.1:9/reload")("conf", VERSION)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/reload", "http://localhost/r", "http://[::1]:80/"]
)
def test_the_pod_itself_may_be_told(url: str) -> None:
    assert checked_loopback(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/r",
        "http://10.0.0.1/r",
        "http://shop/r",
        "http://127.0.0.1.example.org/r",
        "http://127.0.0.1@shop/r",
        "http://shop#@127.0.0.1/",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "",
    ],
)
def test_nobody_else_may(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own for two of them
        checked_loopback(url)
