"""Streams begin with the whole, go on with what is new, and wait for nobody."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui import streams, topics
from kubervisor.ui.documents import Document
from tests.builders import KEY, a_pod
from tests.ui.client import WITHIN
from tests.ui.conftest import Serve, Served
from tests.ui.stage import Stage, a_status

FLEET = "/api/stream"
ONE = f"/api/services/{KEY.namespace}/{KEY.name}/stream"
OTHER = ServiceKey("shop", "zebra")


@pytest.fixture(autouse=True)
def _swift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVERY", 0.02)
    monkeypatch.setattr(streams, "HEARTBEAT", 0.1)


def test_the_list_comes_first_and_then_only_what_changed(stage: Stage, served: Served) -> None:
    stage.add()
    stage.add(OTHER)
    with served.stream(FLEET) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        event, fleet = stream.next()
        assert (event, len(fleet["services"])) == ("fleet", 2)
        stage.put(OTHER, status=a_status(serving=7))
        changes = stream.until("changes")
        assert [(one["name"], one["serving"]) for one in changes["changed"]] == [("zebra", 7)]
        assert changes["removed"] == []
        stage.remove(OTHER)
        changes = stream.until("changes")
        assert changes["changed"] == []
        assert changes["removed"] == [{"namespace": "shop", "name": "zebra"}]
        stage.leading = False
        changes = stream.until("changes")
        assert (changes["controller"]["leading"], changes["changed"]) == (False, [])


def test_where_nothing_is_new_a_heartbeat_says_so(stage: Stage, served: Served) -> None:
    stage.add()
    with served.stream(FLEET) as stream:
        assert [stream.next()[0] for _ in range(3)] == ["fleet", "heartbeat", "heartbeat"]


def test_a_service_comes_with_its_history_and_then_what_changed(
    stage: Stage, served: Served
) -> None:
    stage.add(pods=2)
    stage.judge()
    with served.stream(ONE) as stream:
        assert [stream.next()[0] for _ in range(2)] == ["service", "history"]
        stage.now += 60
        stage.judge({"pricer-0": 80.0})
        stage.decide("pricer-0", "Ejected")
        service = stream.until("service")
        while not service["decisions"]:
            service = stream.until("service")
        assert service["decisions"][0]["action"] == "Ejected"
    with served.stream(ONE) as stream:
        stream.until("history")
        stage.now += 60
        stage.judge()
        minutes = stream.until("minutes")
        assert minutes["minutes"] == 2
        assert minutes["start"] == stage.now // 60 * 60 - 60


def test_whose_page_is_open_is_told_of_every_step(stage: Stage, served: Served) -> None:
    stage.add(pods=2)
    stage.judge()
    with served.stream(ONE) as stream:
        stream.until("history")
        stage.now += 1
        stage.judge({"pricer-1": 12.5})
        scores = stream.until("service")["pods"][1]["scores"]
        assert [(score["value"], score["at"]) for score in scores] == [(12.5, stage.now)]


def test_a_service_that_goes_is_told_and_told_whole_when_it_comes_back(
    stage: Stage, served: Served
) -> None:
    stage.add()
    with served.stream(ONE) as stream:
        stream.until("history")
        stage.remove(KEY)
        assert "error" in stream.until("gone")
        stage.add()
        stream.until("service")
        stream.until("history")


def test_however_many_read_each_thing_is_encoded_once(
    stage: Stage, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    message = topics.message

    def counted(event: str, document: Document) -> bytes:
        told.append(event)
        return message(event, document)

    monkeypatch.setattr(topics, "message", counted)
    monkeypatch.setattr(streams, "EVERY", 0.5)
    stage.add()
    with ExitStack() as stack:
        readers = [stack.enter_context(served.stream(FLEET)) for _ in range(50)]
        for reader in readers:
            reader.until("fleet")
        stage.put(KEY, status=a_status(serving=6))
        for reader in readers:
            assert reader.until("changes")["changed"][0]["serving"] == 6
    assert told.count("changes") <= 2  # one of them is the first look's
    assert told.count("fleet") < 50


def test_nothing_is_looked_at_once_the_last_reader_has_gone(
    stage: Stage, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, watched = stage.view(), list[frozenset[ServiceKey]]()
    watch = stage.recorder.watch

    def told(keys: Iterable[ServiceKey]) -> None:
        watched.append(frozenset(keys))
        watch(watched[-1])

    monkeypatch.setattr(stage.recorder, "watch", told)
    stage.add()
    served = serve(view)
    with served.stream(ONE) as stream:
        stream.until("history")
        assert watched[-1] == {KEY}
    with served.stream(FLEET) as stream:
        while watched[-1]:
            stream.next()
    looked = watched[:]
    with served.stream(FLEET) as stream:
        stream.until("heartbeat")
    assert watched == looked


def test_there_are_so_many_readers_and_no_more(
    stage: Stage, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS", 3)
    stage.add()
    with ExitStack() as stack:
        for path in (FLEET, FLEET, ONE):
            stack.enter_context(served.stream(path)).next()
        refused = served.ask(FLEET)
    # The limit in the text is the one of the program.
    assert refused.status == 503
    assert refused.headers["retry-after"] == "5"
    assert list(refused.json) == ["error"]


def test_a_reader_that_does_not_read_is_cut_off_and_the_others_never_wait(
    stage: Stage, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BYTES_PER_SECOND", 1 << 30)
    stage.add(pods=[a_pod(f"pricer-{number:03}") for number in range(300)])
    stage.judge()
    with asleep(served, ONE) as slow, served.stream(ONE) as awake:
        awake.until("history")
        slow.setblocking(False)
        for step in range(10_000):
            stage.now += 1
            stage.judge({"pricer-000": float(step % 40)})
            awake.until("service")
            if is_reset(served, slow):
                break
        else:
            raise AssertionError("the reader was never cut off")
        stage.decide("pricer-001", "Ejected")
        while not awake.until("service")["decisions"]:
            pass


@contextmanager
def asleep(served: Served, path: str) -> Iterator[socket.socket]:
    """A reader that asks and reads nothing, with little room for what comes."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(WITHIN)
        raw.connect(served.dashboard.address)
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield raw


def is_reset(_: Served, raw: socket.socket) -> bool:
    """True once the other side has cut the connection, though much is unread."""
    return bool(raw.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def test_the_end_of_the_process_ends_streams(stage: Stage, served: Served) -> None:
    stage.add()
    with served.stream(FLEET) as stream:
        stream.next()
        served.dashboard.shutdown()
        with pytest.raises((EOFError, http.client.HTTPException, OSError)):
            read_all(stream)


def read_all(stream: Any) -> None:
    while True:
        stream.next()


def test_trouble_in_a_look_ends_the_streams_and_the_next_ones_work(
    stage: Stage, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = stage.view()
    rows = view.rows
    stage.add()
    served = serve(view)
    with served.stream(FLEET) as stream:
        stream.next()
        monkeypatch.setattr(view, "rows", lambda: 1 / 0)
        with pytest.raises((EOFError, http.client.HTTPException, OSError)):
            read_all(stream)
    monkeypatch.setattr(view, "rows", rows)
    with served.stream(FLEET) as stream:
        assert stream.next()[0] == "fleet"
