"""A reflector loses nothing, whatever the API server does, and never asks in a rush."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from kubervisor.kube import paths, reflector, versions
from kubervisor.kube.backoff import Backoff
from kubervisor.kube.client import Api
from kubervisor.kube.pod_cache import PodCache
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.records import decode_pod
from kubervisor.kube.reflector import Reflector, Restart
from kubervisor.kube.watch_events import EventType
from kubervisor.traffic.model import Pod

from .polling import until
from .scripted import Exchange, ScriptedServer


class Watched:
    """A pod cache that a reflector on a thread of its own keeps."""

    def __init__(self, api: Api, path: str, **options: Any) -> None:
        self.stop = threading.Event()
        self.cache = PodCache()
        self.lists: list[float] = []
        self.restarts: list[Restart] = []
        self.reflector = Reflector[Pod](
            api,
            path,
            decode=decode_pod,
            on_replace=self.replace,
            on_event=self.change,
            name="pods",
            stop=self.stop,
            count=self.restarts.append,
            **options,
        )
        self.thread = threading.Thread(target=self.reflector.run, daemon=True)
        self.thread.start()

    def replace(self, pods: list[Pod], begun: float) -> None:
        self.cache.replace(pods)
        self.lists.append(begun)

    def change(self, kind: EventType, pod: Pod) -> None:
        (self.cache.delete if kind is EventType.DELETED else self.cache.upsert)(pod)

    @property
    def names(self) -> dict[str, str]:
        return {pod.name: pod.version for pod in self.cache.values()}

    def end(self) -> None:
        self.stop.set()
        self.reflector.interrupt()
        self.thread.join(20)
        assert not self.thread.is_alive()


Start = Callable[..., Watched]


@pytest.fixture
def watch() -> Iterator[Start]:
    started: list[Watched] = []

    def start(api: Api, path: str = paths.PODS, **options: Any) -> Watched:
        options.setdefault("backoff", Backoff(0.001, 0.002))
        started.append(Watched(api, path, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


def pod(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": name, "resourceVersion": str(version)}}


def page(version: int, *pods: dict[str, Any], token: str = "") -> dict[str, Any]:
    metadata = {"resourceVersion": str(version), "continue": token}
    return {"metadata": metadata, "items": list(pods)}


GONE = {"kind": "Status", "status": "Failure", "code": 410, "message": "too old"}


def stay_open(exchange: Exchange) -> None:
    exchange.begin_stream()
    exchange.stay_silent()


class Server:
    """A script of lists and watches, each answered by the next entry; the last one repeats."""

    def __init__(
        self, lists: list[Callable[[Exchange], None]], watches: list[Callable[[Exchange], None]]
    ) -> None:
        self.lists = lists
        self.watches = watches
        self.versions: list[str] = []
        self.queries: list[dict[str, str]] = []
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        query = exchange.asked.query
        with self._lock:
            if "watch" in query:
                self.versions.append(query["resourceVersion"])
                turns = self.watches
            else:
                self.queries.append(query)
                turns = self.lists
            turn = turns.pop(0) if len(turns) > 1 else turns[0]
        turn(exchange)


def listing(*args: Any, **kwargs: Any) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(200, page(*args, **kwargs))


def events(*items: tuple[str, dict[str, Any]], end: bytes = b"0\r\n\r\n") -> Any:
    def turn(exchange: Exchange) -> None:
        exchange.begin_stream()
        for kind, obj in items:
            exchange.event(kind, obj)
        exchange.send(end)

    return turn


def refuse(status: int) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(status, {"message": f"no: {status}", "code": status})


def test_it_lists_the_newest_state_in_pages_and_watches_from_there(
    scripted: ScriptedServer, watch: Start
) -> None:
    server = scripted.script = Server(
        [listing(0, pod("a", 1), token="more"), listing(7, pod("b", 2))],
        [events(("ADDED", pod("c", 8)), ("DELETED", pod("a", 9))), stay_open],
    )
    watched = watch(scripted.api())
    until(lambda: watched.names == {"b": "2", "c": "8"}, "the watch is taken in")
    assert server.queries == [{"limit": "500"}, {"limit": "500", "continue": "more"}]
    assert server.versions[0] == "7"
    assert watched.reflector.synced.is_set()


def test_a_watch_that_ends_goes_on_where_it_ended_bookmarks_included(
    scripted: ScriptedServer, watch: Start
) -> None:
    server = scripted.script = Server(
        [listing(5)],
        [events(("ADDED", pod("a", 6))), events(("BOOKMARK", pod("", 20))), stay_open],
    )
    watched = watch(scripted.api())
    until(lambda: server.versions[2:], "the third watch")
    assert server.versions == ["5", "6", "20"]
    assert len(watched.lists) == 1
    assert set(watched.restarts) == {Restart.REWATCH}


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(events(("ADDED", pod("a", 6)), end=b'5\r\n{"ty'), id="half a chunk"),
        pytest.param(events(("ADDED", pod("a", 6)), end=b""), id="the connection is cut"),
        pytest.param(
            events(("ADDED", pod("a", 6)), end=b'8\r\n{"type":\r\n0\r\n\r\n'), id="half a line"
        ),
        pytest.param(
            events(("ADDED", pod("a", 6)), end=b"5\r\n<br>\n\r\n0\r\n\r\n"), id="a line of no JSON"
        ),
    ],
)
def test_a_broken_stream_repeats_and_loses_nothing(
    scripted: ScriptedServer, watch: Start, broken: Any
) -> None:
    server = scripted.script = Server(
        [listing(5)], [broken, events(("MODIFIED", pod("a", 7))), stay_open]
    )
    watched = watch(scripted.api())
    until(lambda: watched.names == {"a": "7"}, "the next event")
    assert server.versions[:2] == ["5", "6"]
    assert len(watched.lists) == 1


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(refuse(410), id="as an answer"),
        pytest.param(events(("ERROR", GONE)), id="as an event"),
    ],
)
def test_a_version_too_old_is_followed_by_a_list(
    scripted: ScriptedServer, watch: Start, gone: Any
) -> None:
    server = scripted.script = Server(
        [listing(5, pod("a", 1)), listing(50, pod("b", 40))], [gone, stay_open]
    )
    watched = watch(scripted.api())
    until(lambda: watched.names == {"b": "40"}, "the second LIST")
    until(lambda: server.versions[1:], "the second watch")
    assert server.versions == ["5", "50"]
    assert watched.restarts == [Restart.RELIST]


def test_a_silent_stream_is_given_up_and_nothing_is_lost(
    scripted: ScriptedServer, watch: Start
) -> None:
    server = scripted.script = Server(
        [listing(5)], [stay_open, events(("ADDED", pod("a", 6))), stay_open]
    )
    watched = watch(scripted.api(), idle_seconds=0.2)
    until(lambda: watched.names == {"a": "6"}, "the event after the silence")
    assert server.versions[:2] == ["5", "5"]
    assert len(watched.lists) == 1


def test_pages_that_expire_are_fetched_in_one_piece(scripted: ScriptedServer, watch: Start) -> None:
    server = scripted.script = Server(
        [listing(0, pod("a", 1), token="more"), refuse(410), listing(7, pod("b", 2))], [stay_open]
    )
    watched = watch(scripted.api())
    until(lambda: watched.names == {"b": "2"}, "the LIST in one piece")
    assert server.queries[-1] == {}


class Counting(Backoff):
    """Writes down each wait and hardly waits."""

    def __init__(self) -> None:
        super().__init__(0.2, 30.0, draw=lambda: 0.0)
        self.waits: list[float] = []

    def next(self) -> float:
        self.waits.append(super().next())
        return 0.001


@pytest.mark.parametrize(
    ("lists", "watches"),
    [
        pytest.param([refuse(500)], [stay_open], id="LISTs fail"),
        pytest.param([listing(5)], [refuse(500)], id="watches fail"),
        pytest.param([listing(5)], [refuse(410)], id="every version is too old"),
        pytest.param([listing(5)], [events(("ERROR", GONE))], id="too old, said as an event"),
        pytest.param([listing(5)], [events()], id="watches end at once"),
        pytest.param([refuse(403)], [stay_open], id="a right is missing"),
        pytest.param([refuse(429)], [stay_open], id="throttled"),
        pytest.param([lambda x: x.answer(200, b"<html>")], [stay_open], id="no JSON"),
    ],
)
def test_every_request_waits_longer_than_the_one_before(
    scripted: ScriptedServer, watch: Start, lists: Any, watches: Any
) -> None:
    scripted.script = Server(lists, watches)
    backoff = Counting()
    watch(scripted.api(), backoff=backoff)
    until(lambda: len(backoff.waits) >= 10, "ten attempts")
    assert backoff.waits[:10] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]


def test_a_list_that_somebody_waits_for_fails_no_faster_than_any_other(
    scripted: ScriptedServer, watch: Start
) -> None:
    scripted.script = Server([listing(5), refuse(403)], [stay_open])
    backoff = Counting()
    watched = watch(scripted.api(), backoff=backoff)
    until(lambda: scripted.asked[1:], "the first watch")
    watched.reflector.renew()
    until(lambda: len(backoff.waits) >= 5, "five attempts")
    assert backoff.waits[:5] == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_an_event_makes_the_waits_short_again(scripted: ScriptedServer, watch: Start) -> None:
    scripted.script = Server(
        [refuse(500), refuse(500), listing(5)], [events(("ADDED", pod("a", 6))), stay_open]
    )
    backoff = Counting()
    watch(scripted.api(), backoff=backoff)
    until(lambda: len(backoff.waits) >= 3, "the first watch has ended")
    assert backoff.waits == [0.2, 0.4, 0.2]


def test_a_stop_ends_a_long_wait(scripted: ScriptedServer) -> None:
    scripted.script = refuse(500)
    watched = Watched(scripted.api(), paths.PODS, backoff=Backoff(600.0, 600.0))
    until(lambda: watched.reflector.problem, "the first failure")
    watched.end()


def test_what_keeps_it_from_working_is_told_until_it_works(
    scripted: ScriptedServer, watch: Start
) -> None:
    allowed = threading.Event()

    def turn(exchange: Exchange) -> None:
        (listing(5) if allowed.is_set() else refuse(403))(exchange)

    scripted.script = Server([turn], [stay_open])
    watched = watch(scripted.api())
    until(lambda: "list pods" in (watched.reflector.problem or ""), "the missing right")
    assert watched.reflector.healthy_since is None
    assert not watched.reflector.synced.is_set()
    allowed.set()
    until(lambda: watched.reflector.healthy_since, "it works")
    assert watched.reflector.problem is None
    assert watched.reflector.last_contact is not None


def test_a_kind_that_the_server_does_not_know_has_no_objects_where_that_may_be(
    scripted: ScriptedServer, watch: Start
) -> None:
    known = threading.Event()

    def turn(exchange: Exchange) -> None:
        (listing(5, pod("a", 1)) if known.is_set() else refuse(404))(exchange)

    scripted.script = Server([turn], [stay_open])
    watched = watch(scripted.api(), may_be_unknown=True)
    ticket = watched.reflector.renew()
    assert watched.reflector.await_list(ticket, 20)
    assert watched.reflector.synced.is_set()
    assert (watched.names, watched.reflector.healthy_since) == ({}, None)
    known.set()
    until(lambda: watched.names == {"a": "1"}, "it is known now")


def test_a_kind_that_the_server_must_know_is_awaited(
    scripted: ScriptedServer, watch: Start
) -> None:
    scripted.script = Server([refuse(404)], [stay_open])
    watched = watch(scripted.api())
    until(lambda: watched.reflector.problem, "it is asked for")
    assert not watched.reflector.synced.is_set()


def test_a_barrier_waits_for_a_list_begun_after_it(scripted: ScriptedServer, watch: Start) -> None:
    scripted.script = Server([listing(5), listing(9, pod("a", 8))], [stay_open])
    watched = watch(scripted.api(), backoff=Backoff(600.0, 600.0))
    until(lambda: scripted.asked[1:], "the first watch")
    assert watched.reflector.await_list(watched.reflector.renew(), 20)
    assert len(watched.lists) == 2
    assert watched.names == {"a": "8"}


def test_a_barrier_gives_up_in_time(scripted: ScriptedServer, watch: Start) -> None:
    scripted.script = Server([listing(5), refuse(500)], [stay_open])
    watched = watch(scripted.api())
    until(lambda: scripted.asked[1:], "the first watch")
    assert not watched.reflector.await_list(watched.reflector.renew(), 0.2)


def test_a_stop_ends_a_barrier(scripted: ScriptedServer) -> None:
    scripted.script = lambda exchange: exchange.stay_silent()
    watched = Watched(scripted.api(), paths.PODS)
    answers: list[bool] = []
    asking = threading.Thread(
        target=lambda: answers.append(watched.reflector.await_list(watched.reflector.renew(), 600))
    )
    asking.start()
    until(lambda: scripted.asked, "the LIST")
    watched.stop.set()
    watched.reflector.interrupt()
    asking.join(20)
    assert answers == [False]
    scripted._ended.set()
    watched.end()


def test_it_follows_a_real_server_through_pages_changes_and_deletions(
    api: Api,
    namespace: str,
    stored: Callable[..., Pod],
    watch: Start,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reflector, "PAGE_SIZE", 2)
    first = {stored(f"pod-{number}").name for number in range(5)}
    watched = watch(api, paths.collection(paths.PODS, namespace))
    assert watched.reflector.synced.wait(20)
    assert set(watched.names) == first

    added = stored("added")
    until(lambda: watched.names.get("added") == added.version, "the added pod, at its version")
    path = paths.single(paths.PODS, namespace, "added")
    body = {"metadata": {"labels": {"app": "changed"}}}
    answer = api.request("PATCH", path, body=body, content_type=MERGE_PATCH)
    version = msgspec.json.decode(answer)["metadata"]["resourceVersion"]
    until(lambda: watched.names["added"] == version, "the change")
    assert watched.reflector.await_list(watched.reflector.renew(), 20)
    api.request("DELETE", path)
    until(lambda: set(watched.names) == first, "the deletion")
    assert len(watched.lists) == 2


def test_an_older_list_is_not_taken_in_unless_there_is_no_other_for_a_minute(
    scripted: ScriptedServer, watch: Start
) -> None:
    now = [0.0]
    server = scripted.script = Server(
        [listing(50, pod("a", 40)), listing(30, pod("a", 20))],
        [events(("ERROR", GONE)), stay_open],
    )
    watched = watch(scripted.api(), clock=lambda: now[0])
    until(lambda: len(server.queries) > 3, "it asks again and again")
    assert watched.names == {"a": "40"}
    assert "older than 50" in str(watched.reflector.problem)

    now[0] = versions.RESTORED_SECONDS
    until(lambda: watched.names == {"a": "20"}, "a store that was restored is believed")
