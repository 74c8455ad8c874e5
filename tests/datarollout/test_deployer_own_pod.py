"""The pod's own account and the look at the pod, against answers that API servers rarely give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubervisor import errors
from kubervisor.kube.account import Account
from kubervisor.kube.own_pod import OwnPodWatch
from tests.kube.scripted import Exchange, Script, ScriptedServer

PODS = "/api/v1/namespaces/shop/pods"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def account(tmp_path: Path, server: ScriptedServer) -> Account:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "namespace").write_text("shop")
    host, port = server._listener.getsockname()
    return Account(tmp_path, f"http://{host}:{port}")


def pod(uid: str = "u1", **notes: str) -> dict[str, Any]:
    return {"metadata": {"name": "a", "namespace": "shop", "uid": uid, "annotations": notes}}


def watch(account: Account, server: ScriptedServer, *scripts: Script) -> OwnPodWatch:
    """One whose turns meet those scripts, one after the other."""
    left = iter(scripts)

    def script(exchange: Exchange) -> None:
        next(left)(exchange)

    server.script = script
    return OwnPodWatch(account, "shop", "a", period=7.0)


def tells(*events: tuple[str, Any]) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        for kind, told in events:
            exchange.event(kind, told)
        exchange.chunk(b"")

    return script


def test_a_request_goes_in_the_name_of_the_account(
    account: Account, server: ScriptedServer, tmp_path: Path
) -> None:
    server.script = lambda exchange: exchange.answer(200, {"a": 1})
    assert account.namespace == "shop"
    assert account.request("PATCH", f"{PODS}/a", query={"x": "y"}, body={"b": 2}) == b'{"a": 1}'
    (tmp_path / "token").write_text("renewed")
    account.request("GET", f"{PODS}/a")
    first, second = server.asked
    assert (first.method, first.path, first.query) == ("PATCH", f"{PODS}/a", {"x": "y"})
    assert (first.body, first.headers["content-type"]) == (b'{"b":2}', "application/json")
    assert first.headers["authorization"] == "Bearer s3cret"
    assert second.headers["authorization"] == "Bearer renewed"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, errors.Forbidden),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (429, errors.Throttled),
        (500, errors.ApiUnavailable),
        (302, errors.ApiError),
    ],
)
def test_answers_are_told_apart(
    account: Account, server: ScriptedServer, status: int, error: type[errors.ApiError]
) -> None:
    server.script = lambda exchange: exchange.answer(status, {"message": "no"}, Location="/x")
    with pytest.raises(error, match=r"get pods/a in namespace shop"):
        account.request("GET", f"{PODS}/a")
    with pytest.raises(error):
        list(account.stream(PODS, read_timeout=5))
    assert len(server.asked) == 2


def test_a_server_that_hangs_up_or_is_silent_is_told(
    account: Account, server: ScriptedServer
) -> None:
    server.script = lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
    with pytest.raises(errors.ApiUnavailable):
        account.request("GET", f"{PODS}/a")
    server.script = lambda exchange: exchange.stay_silent()
    with pytest.raises(errors.ApiUnavailable):
        account.request("GET", f"{PODS}/a", timeout=0.2)


@pytest.mark.usefixtures("account")
def test_a_server_that_is_not_there_was_sent_nothing(tmp_path: Path) -> None:
    with pytest.raises(errors.ApiUnavailable) as refused:
        Account(tmp_path, "http://127.0.0.1:9").request("GET", f"{PODS}/a")
    assert not refused.value.sent


def test_a_token_that_cannot_be_sent_is_not_shown(account: Account, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("two\nlines")
    with pytest.raises(errors.ApiError) as refused:
        account.request("GET", f"{PODS}/a")
    assert "lines" not in str(refused.value)


def test_who_has_no_account_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.ApiError, match="cannot be read"):
        Account(tmp_path / "missing", "https://127.0.0.1:9")


def test_a_watch_shows_the_pod_and_what_becomes_of_it(
    account: Account, server: ScriptedServer
) -> None:
    seen = watch(
        account,
        server,
        tells(("ADDED", pod(a="1")), ("BOOKMARK", pod(a="9")), ("MODIFIED", pod(a="2"))),
    )
    assert seen.last_seen == -math.inf
    assert "has not been seen" in seen.problem
    assert seen.turn() < 1
    newest = seen.newest()
    assert newest is not None
    assert dict(newest.annotations) == {"a": "2"}
    assert (newest.uid, seen.problem) == ("u1", "")
    assert seen.last_seen > 0
    assert server.asked[0].query["fieldSelector"] == "metadata.name=a"
    assert "resourceVersion" not in server.asked[0].query


def test_who_waits_is_woken_by_annotations_alone(account: Account, server: ScriptedServer) -> None:
    other = pod(a="1")
    other["metadata"]["labels"] = {"b": "2"}
    seen = watch(account, server, tells(("ADDED", pod(a="1"))), tells(("ADDED", other)))
    seen.turn()
    first = seen.wait(None, 0)
    seen.turn()
    assert seen.wait(first, 0) is first


def test_another_pod_of_the_name_is_not_ours(account: Account, server: ScriptedServer) -> None:
    events = (("ADDED", pod(a="1")), ("DELETED", pod(a="1")), ("ADDED", pod("u2", a="2")))
    seen = watch(account, server, tells(*events))
    seen.turn()
    newest = seen.newest()
    assert newest is not None
    assert newest.uid == "u1"
    assert "replaced by another" in seen.problem


def test_what_cannot_be_read_ends_a_turn_and_not_the_watch(
    account: Account, server: ScriptedServer
) -> None:
    gone = {"kind": "Status", "code": 410, "message": "too old"}
    seen = watch(
        account,
        server,
        tells(("ERROR", gone)),
        tells(("ADDED", {"metadata": 7})),
        lambda exchange: exchange.answer(200, b"<html>"),
        lambda exchange: exchange.answer(503),
        tells(("ADDED", pod(a="1"))),
    )
    problems = []
    for _ in range(4):
        assert seen.turn() > 0
        problems.append(seen.problem)
    assert "too old" in problems[0]
    assert "unreadable" in problems[1]
    assert "503" in problems[3]
    seen.turn()
    assert seen.problem == ""


def test_who_may_not_watch_reads_every_period(account: Account, server: ScriptedServer) -> None:
    seen = watch(
        account,
        server,
        lambda exchange: exchange.answer(403, {"message": "pods is forbidden"}),
        lambda exchange: exchange.answer(200, pod(a="1")),
        lambda exchange: exchange.answer(403, {"message": "pods is forbidden"}),
        lambda exchange: exchange.answer(200, pod(a="2")),
    )
    assert seen.turn() == 0
    assert 6 < seen.turn() < 8
    assert [one.path for one in server.asked] == [PODS, f"{PODS}/a"]
    assert seen.turn() > 0
    assert "A right is missing" in seen.problem
    seen.turn()
    assert seen.problem == ""
    newest = seen.newest()
    assert newest is not None
    assert dict(newest.annotations) == {"a": "2"}
