"""The dashboard costs nothing until somebody calls, and says plainly where it cannot listen."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from kubervisor.ui.server import Dashboard
from tests.ui.conftest import Serve
from tests.ui.stage import Stage

SERVERS = ("anyio", "h11", "starlette", "uvicorn")

PROGRAM = """
import http.client, sys, threading
import kubervisor.app
from tests.ui.stage import Stage
from kubervisor.ui.server import Dashboard

def loaded():
    return sorted(set({servers!r}) & set(sys.modules))

stage = Stage()
dashboard = Dashboard("127.0.0.1:0", stage.view(), stage.log)
thread = threading.Thread(target=dashboard.serve_forever)
thread.start()
before = loaded()
connection = http.client.HTTPConnection(*dashboard.address)
connection.request("GET", "/api/fleet")
print(connection.getresponse().status, before, loaded())
connection.close()
dashboard.shutdown()
thread.join()
"""


def test_what_serves_pages_is_loaded_with_the_first_call_and_not_before() -> None:
    program = PROGRAM.format(servers=SERVERS)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == f"200 [] {sorted(SERVERS)}\n", done.stderr


def test_an_address_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OSError, match="address already in use") as raised:
            Dashboard(address, Stage().view(), Stage().log)
    assert str(raised.value).startswith(f"cannot listen on {address}: ")
    assert "--dashboard-listen" in str(raised.value)


@pytest.mark.parametrize("listen", ["no.such.host.invalid:80", "192.0.2.1:80"])
def test_an_address_that_is_not_ours_is_said(listen: str) -> None:
    with pytest.raises(OSError, match=f"cannot listen on {listen}: "):
        Dashboard(listen, Stage().view(), Stage().log)


def test_it_ends_without_having_been_called(serve: Serve) -> None:
    serve(Stage().view())


def test_it_can_listen_on_ipv6() -> None:
    dashboard = Dashboard("[::1]:0", Stage().view(), Stage().log)
    assert dashboard.address[0] == "::1"
    dashboard.shutdown()
    dashboard.serve_forever()
