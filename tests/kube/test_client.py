"""The door to the API server: what it sends, what it makes of answers, and how a stream ends."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kubernetes.client.configuration import Configuration

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, Forbidden, Invalid, NotFound
from kubervisor.kube import client, paths
from kubervisor.kube.client import Api, connect
from kubervisor.kube.failures import JSON_PATCH
from kubervisor.kube.podwrites import MERGE_PATCH

from .polling import until
from .scripted import Exchange, ScriptedServer


def test_a_missing_kubeconfig_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=r"nowhere.*--kubeconfig"):
        connect(str(tmp_path / "nowhere"), user_agent="t")


@pytest.mark.parametrize("text", ["", "{}", "clusters: [", "current-context: x", "- a"])
def test_an_unreadable_kubeconfig_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(ApiError, match="config"):
        connect(str(file), user_agent="t")


def test_the_namespace_is_that_of_the_context(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{name: k, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: u, user: {token: t}}]\n"
        "contexts: [{name: c, context: {cluster: k, user: u, namespace: shop}}]\n"
    )
    assert connect(str(file), user_agent="t").namespace == "shop"


def test_a_request_carries_who_asks_and_what(scripted: ScriptedServer) -> None:
    scripted.script = lambda exchange: exchange.answer(200, {"ok": True})
    answer = scripted.api(token="secret").request(
        "PATCH", "/api/v1/pods", query={"limit": 5}, body={"a": None}, content_type=MERGE_PATCH
    )
    assert msgspec.json.decode(answer) == {"ok": True}
    (asked,) = scripted.asked
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["user-agent"] == "kubervisor-tests"
    assert asked.headers["content-type"] == MERGE_PATCH
    assert (asked.query, asked.body) == ({"limit": "5"}, b'{"a":null}')


def test_a_token_that_no_header_can_hold_is_not_shown(scripted: ScriptedServer) -> None:
    with pytest.raises(ApiError) as caught:
        scripted.api(token="top\nsecret").request("GET", "/api/v1/pods")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert scripted.asked == []


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        pytest.param(10.0, "Bearer first", id="young credentials are used again"),
        pytest.param(0.0, "Bearer second", id="old ones are looked at anew"),
    ],
)
def test_credentials_are_kept_for_a_while(
    kept: float, shown: str, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "IDENTITY_SECONDS", kept)
    scripted.script = lambda exchange: exchange.answer(200, {})
    api = scripted.api(token="first")
    api.request("GET", "/api/v1/pods")
    api._configuration.api_key["BearerToken"] = "Bearer second"
    api.request("GET", "/api/v1/pods")
    assert [a.headers["authorization"] for a in scripted.asked] == ["Bearer first", shown]


def test_a_redirect_is_not_followed(scripted: ScriptedServer) -> None:
    scripted.script = lambda exchange: exchange.answer(302, Location="/elsewhere")
    with pytest.raises(ApiError):
        scripted.api(token="secret").request("GET", "/api/v1/pods")
    assert len(scripted.asked) == 1


def test_nothing_is_sent_twice(scripted: ScriptedServer) -> None:
    scripted.script = lambda exchange: exchange.send(b"")  # the connection ends unanswered
    with pytest.raises(ApiUnavailable) as caught:
        scripted.api().request("DELETE", "/api/v1/namespaces/a/pods/b")
    assert caught.value.sent
    assert len(scripted.asked) == 1


def test_a_refused_connection_is_known_not_to_be_sent() -> None:
    with ScriptedServer() as server:
        api = server.api()
    with pytest.raises(ApiUnavailable) as caught:
        api.request("PATCH", "/api/v1/namespaces/a/pods/b", body={})
    assert not caught.value.sent


@pytest.mark.parametrize("silent_after", ["nothing", "headers", "half a body"])
def test_a_silent_server_is_given_up(scripted: ScriptedServer, silent_after: str) -> None:
    def script(exchange: Exchange) -> None:
        if silent_after != "nothing":
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        if silent_after == "half a body":
            exchange.send(b"half")
        exchange.stay_silent()

    scripted.script = script
    with pytest.raises(ApiUnavailable):
        scripted.api().request("GET", "/api/v1/pods", timeout=0.2)


def test_a_body_that_only_drips_is_given_up(scripted: ScriptedServer) -> None:
    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        while not exchange.ended.wait(0.05):
            exchange.chunk(b"x")

    scripted.script = script
    with pytest.raises(ApiUnavailable, match="in time"):
        scripted.api().request("GET", "/api/v1/pods", timeout=0.3)


def test_a_cut_body_is_no_answer(scripted: ScriptedServer) -> None:
    scripted.script = lambda x: x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    with pytest.raises(ApiUnavailable):
        scripted.api().request("GET", "/api/v1/pods")


def test_more_requests_than_connections_wait_their_turn(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_CONNECTIONS", 1)
    scripted.script = lambda exchange: exchange.stay_silent()
    api = scripted.api()

    def hold() -> None:
        with pytest.raises(ApiUnavailable):
            api.request("GET", "/a", timeout=60)

    threading.Thread(target=hold, daemon=True).start()
    until(lambda: scripted.asked, "the first request holds the only connection")
    with pytest.raises(ApiUnavailable, match="busy") as caught:
        api.request("GET", "/b", timeout=0.1)
    assert not caught.value.sent
    assert len(scripted.asked) == 1


def test_a_stream_yields_whole_lines_and_drops_a_torn_one(scripted: ScriptedServer) -> None:
    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        for piece in (b'{"a"', b":1}\n\n", b'{"b":2}\n{"c"'):
            exchange.chunk(piece)
        exchange.chunk(b"")

    scripted.script = script
    assert list(scripted.api().stream("/a", read_timeout=5)) == [b'{"a":1}', b'{"b":2}']


def test_a_stream_that_breaks_says_so(scripted: ScriptedServer) -> None:
    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.chunk(b"whole\n")

    scripted.script = script
    lines = iter(scripted.api().stream("/a", read_timeout=5))
    assert next(lines) == b"whole"
    with pytest.raises(ApiUnavailable):
        next(lines)


def test_a_stream_that_stays_silent_says_so(scripted: ScriptedServer) -> None:
    def script(exchange: Exchange) -> None:
        exchange.begin_stream()
        exchange.stay_silent()

    scripted.script = script
    with pytest.raises(ApiUnavailable):
        list(scripted.api().stream("/a", read_timeout=0.2))


def test_a_watch_of_a_real_server_ends_when_another_thread_closes_it(
    api: Api, namespace: str
) -> None:
    stream = api.stream(paths.collection(paths.PODS, namespace), {"watch": "1"}, read_timeout=60.0)
    ended = threading.Event()

    def read() -> None:
        for _ in stream:
            continue
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    stream.close()
    stream.close()
    thread.join(20)
    assert ended.is_set()


def merge(**metadata: Any) -> dict[str, Any]:
    return {"body": {"metadata": metadata}, "content_type": MERGE_PATCH}


def operation(path: str, value: str) -> dict[str, Any]:
    return {
        "body": [{"op": "test", "path": path, "value": value}],
        "content_type": JSON_PATCH,
    }


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param(merge(resourceVersion="1"), Conflict, id="an old version"),
        pytest.param(merge(uid="other"), Conflict, id="another uid"),
        pytest.param(operation("/metadata/uid", "other"), Conflict, id="a failed test"),
        pytest.param(merge(labels={"a": "b!"}), Invalid, id="an invalid label"),
    ],
)
def test_a_real_server_refuses_a_patch(
    api: Api, namespace: str, stored: Any, patch: dict[str, Any], expected: type[ApiError]
) -> None:
    pod = stored("cart")
    with pytest.raises(expected):
        api.request("PATCH", paths.single(paths.PODS, namespace, pod.name), **patch)


def test_what_a_real_server_does_not_have_is_not_found(api: Api, namespace: str) -> None:
    with pytest.raises(NotFound, match=f"get pods/none in namespace {namespace}"):
        api.request("GET", paths.single(paths.PODS, namespace, "none"))


def test_a_missing_right_names_verb_and_resource(api: Api, namespace: str) -> None:
    review = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "nobody"},
    }
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    api.request("POST", accounts, body=review)
    token = api.request("POST", f"{accounts}/nobody/token", body={"spec": {}})
    weak = Configuration()
    weak.__dict__.update(api._configuration.__dict__)
    weak.refresh_api_key_hook = None
    secret = msgspec.json.decode(token)["status"]["token"]
    weak.api_key = {"BearerToken": f"Bearer {secret}"}
    door = Api(weak, namespace=namespace, user_agent="t")
    with pytest.raises(Forbidden, match="delete pods/cart") as caught:
        door.request("DELETE", paths.single(paths.PODS, namespace, "cart"))
    assert secret not in str(caught.value)
