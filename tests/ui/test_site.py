"""What the dashboard answers, and whom it does not: asked through a real socket."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubervisor.runtime.assignment import Stance
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.watchdogs import WatchdogStatus
from kubervisor.ui import connection, files
from kubervisor.ui.documents import LONGEST_LINE
from kubervisor.ui.headers import SECURITY
from kubervisor.ui.members import MOST_WATCHDOGS
from kubervisor.ui.service_documents import MOST_SPEC_BYTES
from tests.builders import KEY, NOW, a_pod
from tests.ui.conftest import Serve, Served
from tests.ui.stage import Stage, a_status

ONE = f"/api/services/{KEY.namespace}/{KEY.name}"
HOSTILE = "<script>alert(1)</script>\u202e" + "long " * 2000


def test_the_list_names_every_service(stage: Stage, served: Served) -> None:
    stage.add()
    stage.add(ServiceKey("a", "b"), pods=0)
    answer = served.ask("/api/fleet")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert [one["name"] for one in answer.json["services"]] == ["b", KEY.name]
    assert answer.json["at"] == NOW
    assert answer.json["controller"]["leading"] is True


def test_one_service_is_told_with_its_pods_scores_and_decisions(
    stage: Stage, served: Served
) -> None:
    stage.add(pods=3)
    stage.judge({"pricer-1": 80.0})
    stage.decide("pricer-1", "Ejected", "80 % of 100 samples")
    stage.put_pod(KEY, a_pod("pricer-1").ejected(at=NOW, until=NOW + 60))
    found = served.ask(ONE).json
    assert [(pod["name"], pod["state"]) for pod in found["pods"]] == [
        ("pricer-0", "serving"),
        ("pricer-1", "ejected"),
        ("pricer-2", "serving"),
    ]
    assert found["pods"][1]["scores"][0]["value"] == 80.0
    assert found["pods"][1]["ejection"]["until"] == NOW + 60
    (decision,) = found["decisions"]
    assert (decision["evidence"], decision["numbers"]["value"]) == ("80 % of 100 samples", 80.0)
    assert found["row"]["serving"] == 2
    assert found["budget"]["mayEject"] == 1
    assert found["stance"] == "guard"
    (breaker,) = found["breakers"]
    assert (breaker["detector"], breaker["source"]) == ("discreteValueOutOfList", "main")
    assert [knob["field"] for knob in breaker["knobs"]] == [
        "spec.breakers[0].discreteValueOutOfList.tolerance"
    ]


def test_what_watchdogs_say_is_told_shortened_and_errors_first(
    stage: Stage, served: Served
) -> None:
    said = [WatchdogStatus(f"w{n:02}", "info", NOW - 60, HOSTILE) for n in range(30)]
    disk = WatchdogStatus("z", "error", NOW - 60, "full", NOW + 60, is_probed=True)
    stage.add(pods=[replace(a_pod("p0"), watchdogs=(*said, disk)), a_pod("p1")])
    watched, plain = served.ask(ONE).json["pods"]
    assert plain["watchdogs"] == []
    assert len(watched["watchdogs"]) == MOST_WATCHDOGS
    first, second = watched["watchdogs"][:2]
    assert first == {
        "name": "z",
        "level": "error",
        "since": NOW - 60,
        "message": "full",
        "expires": NOW + 60,
        "probed": True,
    }
    assert (second["name"], len(second["message"])) == ("w00", LONGEST_LINE)


def test_the_history_has_a_column_for_each_minute(stage: Stage, served: Served) -> None:
    stage.add(pods=3)
    stage.judge({"pricer-0": 80.0})
    stage.now += 120
    stage.judge()
    found = served.ask(f"{ONE}/history").json
    assert (found["minutes"], found["span"], found["start"] % 60) == (3, 60, 0)
    past = found["breakers"]["errors"]
    pod = next(one for one in past["pods"].values() if one["name"] == "pricer-0")
    assert (pod["value"], pod["judged"], pod["traffic"]) == ([80.0, None, 1.0], "o.f", "s.s")
    assert (pod["n"], pod["margin"]) == (None, None)
    assert past["threshold"] == [50.0, None, 50.0]
    assert past["middle"] == [1.0, None, 1.0]
    assert found["budget"]["serving"] == [3, None, 3]


def test_a_standby_tells_of_statuses_and_pods_and_of_no_history(
    stage: Stage, served: Served
) -> None:
    stage.add(pods=2)
    stage.desks.clear()
    stage.leading = False
    found = served.ask(ONE).json
    assert found["controller"]["leading"] is False
    assert (found["stance"], found["budget"], found["breakers"]) == (None, None, [])
    assert [pod["state"] for pod in found["pods"]] == ["serving", "serving"]
    assert served.ask(f"{ONE}/history").json["minutes"] == 0


def test_a_dry_run_may_eject_nobody(stage: Stage, served: Served) -> None:
    stage.add(stance=Stance.DRY_RUN)
    found = served.ask(ONE).json
    assert (found["stance"], found["budget"]["mayEject"]) == ("dry-run", 0)


def test_hostile_texts_are_json_strings_and_bounded(stage: Stage, served: Served) -> None:
    stage.add(
        pods=[a_pod("p0")],
        status=a_status(wrong={"BelowFloor": ("BelowFloor", HOSTILE)}),
        spec={"breakers": [{"name": HOSTILE}], "more": "x" * MOST_SPEC_BYTES},
    )
    stage.judge()
    stage.decide(HOSTILE, "Ejected", HOSTILE)
    answer = served.ask(ONE)
    assert answer.status == 200
    found = answer.json
    assert found["decisions"][0]["evidence"].startswith("<script>alert(1)</script>\u202e")
    assert len(found["decisions"][0]["evidence"]) == 4096
    assert "64 KiB" in found["spec"]["error"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/api/services/shop/none",
        "/api/services/shop/none/history",
        "/api/services/shop/none/stream",
        "/api/services/shop",
        "/api/",
        "/api/fleets",
        "/api/services/..%2f..%2fetc/passwd",
    ],
)
def test_what_is_not_there_is_said_in_json(quiet: Served, path: str) -> None:
    answer = quiet.ask(path)
    assert answer.status == 404
    assert list(answer.json) == ["error"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/assets/none.js", "/..%2f__init__.py", "/../server.py", "/.built"]
)
def test_other_paths_are_not_found(quiet: Served, path: str) -> None:
    assert quiet.ask(path).status == 404


@pytest.mark.parametrize(
    "path", ["/", "/api/fleet", "/api/stream", "/services/a/b", "/nothing", "/api/nothing"]
)
@pytest.mark.parametrize("host", ["", "evil.example"])
def test_every_answer_has_the_headers_that_keep_a_browser_safe(
    quiet: Served, path: str, host: str
) -> None:
    headers: dict[str, Any] = {"host": host} if host else {}
    with_stream = path == "/api/stream" and not host
    answer = quiet.ask(path, method="HEAD" if with_stream else "GET", **headers)
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:9999", "LOCALHOST:80", "127.0.0.1:8087", "[::1]:1", "[::1]"]
)
def test_it_answers_to_the_names_of_loopback(quiet: Served, host: str) -> None:
    assert quiet.ask("/api/fleet", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8087",
        "evil.example:127.0.0.1",
        "kubervisor.shop.svc",
        "10.0.0.7:8087",
        "127.0.0.1@evil.example",
        "0.0.0.0",
    ],
)
def test_it_answers_to_no_other_name(quiet: Served, host: str) -> None:
    answer = quiet.ask("/api/fleet", host=host)
    assert answer.status == 421
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_page_of_another_site_may_not_read(quiet: Served) -> None:
    for said, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
        assert quiet.ask("/api/fleet", sec_fetch_site=said).status == status


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/fleet", "/api/stream"])
def test_nothing_can_be_written(quiet: Served, method: str, path: str) -> None:
    answer = quiet.ask(path, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_a_body_is_refused_whatever_its_method(quiet: Served) -> None:
    assert quiet.ask("/api/fleet", body=b"{}").status == 413
    assert quiet.ask("/api/fleet", transfer_encoding="chunked", body=b"0\r\n\r\n").status == 413


def test_a_head_has_the_headers_and_no_body(stage: Stage, served: Served) -> None:
    stage.add()
    answer = served.ask(ONE, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_a_path_that_is_too_long_is_refused(quiet: Served) -> None:
    assert quiet.ask("/api/" + "x" * 3000).status == 414


def test_headers_that_are_too_large_are_refused(quiet: Served) -> None:
    assert quiet.ask("/api/fleet", x_more="x" * 100_000).status == 431


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
)
def test_what_is_no_request_is_refused(quiet: Served, sent: bytes) -> None:
    with quiet.dial() as raw:
        raw.sendall(sent)
        assert raw.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_a_connection_that_asks_for_nothing_is_ended(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT_SECONDS", 0.2)
    with served.dial() as raw:
        raw.sendall(b"GET /api/fleet HTTP/1.1\r\nHost: loc")
        assert ended(raw)
    with served.dial() as raw:
        raw.sendall(b"GET /api/fleet HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert raw.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        raw.sendall(b"GET /api/fleet HTTP")
        assert ended(raw)


def test_there_are_so_many_connections_and_no_more(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection.Connection, "most", 3)
    held = [served.connect() for _ in range(3)]
    for one in held:
        one.request("GET", "/api/fleet")
        one.getresponse().read()
    answer = served.ask("/api/fleet")
    assert (answer.status, answer.headers["connection"]) == (503, "close")
    held.pop().close()
    for one in held:
        one.request("GET", "/api/fleet")
        assert one.getresponse().read()
        one.close()


def ended(raw: socket.socket) -> bool:
    """True once the other side has closed."""
    try:
        while raw.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


def test_without_a_build_a_plain_page_says_how_to_make_one(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files.read_files, "__defaults__", (tmp_path / "none",))
    served = serve(stage.view())
    answer = served.ask("/")
    assert answer.status == 503
    assert b"make ui" in answer.body
    assert served.ask("/api/fleet").status == 200


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("0")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / ".built").write_text("mark")
    (tmp_path / "secret.pem").write_text("key")
    monkeypatch.setattr(files.read_files, "__defaults__", (tmp_path,))
    return tmp_path


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/", "/services/shop/cart.v2", "/services/shop/a/what-if"])
def test_every_page_is_the_one_page(serve: Serve, stage: Stage, path: str) -> None:
    answer = serve(stage.view()).ask(path)
    assert (answer.status, answer.body) == (200, b"<!doctype html>")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.usefixtures("built")
def test_files_of_the_build_are_sent_and_nothing_else(serve: Serve, stage: Stage) -> None:
    served = serve(stage.view())
    script = served.ask("/assets/main-1a2b.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    icon = served.ask("/favicon.svg")
    assert icon.headers["content-type"] == "image/svg+xml"
    again = served.ask("/favicon.svg", if_none_match=icon.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    for path in ("/.built", "/secret.pem", "/assets", "/assets/", "/assets/../index.htm"):
        assert served.ask(path).status == 404


def test_whatever_goes_wrong_in_an_answer_is_that_answer_s_trouble(
    stage: Stage, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = stage.view()
    monkeypatch.setattr(view, "service", lambda _: 1 / 0)
    served = serve(view)
    assert served.ask(ONE).status == 500
    assert json.loads(served.ask("/api/fleet").body)["services"] == []
