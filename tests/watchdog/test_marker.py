"""What the marker sends to the API server, and what it does when that refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from kubervisor.errors import LeadershipLost
from kubervisor.kube.watchdog_notes import read_statuses
from kubervisor.kube.watchdog_writer import WatchdogWriter
from kubervisor.kube.watched_cache import WatchedPods
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.book import Book, Word
from kubervisor.watchdog.marker import Marker
from tests.kube.scripted import Asked, Exchange, ScriptedServer

WITHIN = 30.0
NOW = 1_700_000_000.0
UID = PodUid("u1")
FAILS = Word(Level.ERROR, NOW, "full", until=0.0)
POD = WatchedPod("shop", "cart-1", UID, probes=(("disk", "POD_IP:8080/x"),))


class Marking:
    """A marker with one thread; the server answers with `statuses` in turn, the last for ever."""

    def __init__(self, server: ScriptedServer) -> None:
        self.pods, self.book = WatchedPods(), Book()
        self.statuses = [200]
        self._server = server
        self._asked = threading.Condition()
        server.script = self._answer
        self._api = server.api()
        writer = WatchdogWriter(self._api, lambda: None)
        clock = Clock(wall=lambda: NOW)
        self.marker = Marker(self.pods, self.book, writer, clock=clock, log=logs.get("marker"))
        self.pods.subscribe(self.marker.told)
        self._thread = threading.Thread(target=self.marker.work)
        self._thread.start()

    def close(self) -> None:
        self.marker.stop()
        self._thread.join(WITHIN)
        assert not self._thread.is_alive()
        self._api.close()

    def asked(self, count: int = 1) -> list[Asked]:
        """The requests, once there are so many."""
        self._wait(lambda: len(self._server.asked) >= count)
        return self._server.asked

    def _wait(self, so: Callable[[], bool]) -> None:
        with self._asked:
            assert self._asked.wait_for(so, WITHIN)

    def _answer(self, exchange: Exchange) -> None:
        status = self.statuses[min(len(self._server.asked), len(self.statuses)) - 1]
        exchange.answer(status, {} if status == 200 else {"message": "no"})
        with self._asked:
            self._asked.notify_all()


@pytest.fixture
def marking() -> Iterator[Marking]:
    with ScriptedServer() as server:
        made = Marking(server)
        yield made
        made.close()


def test_it_patches_single_keys_of_that_very_pod(marking: Marking) -> None:
    marking.book.note(UID, "disk", FAILS)
    marking.pods.upsert(POD)
    (asked,) = marking.asked()
    assert (asked.method, asked.path) == ("PATCH", "/api/v1/namespaces/shop/pods/cart-1")
    assert asked.headers["content-type"] == "application/merge-patch+json"
    assert asked.query == {"fieldManager": "kubervisor-watchdog"}
    assert json.loads(asked.body) == {
        "metadata": {
            "uid": "u1",
            "annotations": {
                "status.autocrane.io/disk": "error/2023-11-14T22:13:20Z/full",
                "expiry.autocrane.io/disk": None,
            },
            "labels": {"status.autocrane.io/health": "error"},
        }
    }


def test_an_expired_status_is_removed_with_its_end(marking: Marking) -> None:
    notes = {
        "status.autocrane.io/mood": "error/2020-01-01T00:00:00Z/x",
        "expiry.autocrane.io/mood": "2020-01-01T00:00:01Z",
    }
    marking.pods.upsert(replace(POD, statuses=read_statuses(notes), health="error"))
    (asked,) = marking.asked()
    assert json.loads(asked.body)["metadata"] == {
        "uid": "u1",
        "annotations": dict.fromkeys(notes),
        "labels": {"status.autocrane.io/health": "Unknown"},
    }


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_what_fails_is_tried_again(marking: Marking, status: int) -> None:
    marking.statuses = [status, status, 200]
    marking.book.note(UID, "disk", FAILS)
    marking.pods.upsert(POD)
    first, *others = marking.asked(3)
    assert {asked.body for asked in others} == {first.body}


@pytest.mark.parametrize("status", [404, 409])
def test_a_pod_that_is_gone_or_another_is_left_alone(marking: Marking, status: int) -> None:
    marking.statuses = [status, 200]
    marking.book.note(UID, "disk", FAILS)
    marking.pods.upsert(POD)
    marking.asked()
    other = replace(POD, name="cart-2", uid=PodUid("u2"))
    marking.book.note(other.uid, "disk", FAILS)
    marking.pods.upsert(other)
    assert [asked.path.rpartition("/")[2] for asked in marking.asked(2)] == ["cart-1", "cart-2"]


def test_nothing_is_written_without_the_lease() -> None:
    def check() -> None:
        raise LeadershipLost("gone")

    with ScriptedServer() as server:
        api = server.api()
        with pytest.raises(LeadershipLost):
            WatchdogWriter(api, check).mark(POD, (), ("mood",), "info")
        assert not server.asked
        api.close()


def test_a_pod_that_is_being_deleted_is_left_alone(marking: Marking) -> None:
    marking.book.note(UID, "disk", FAILS)
    marking.pods.upsert(replace(POD, deleting=True))
    other = replace(POD, name="cart-2", uid=PodUid("u2"))
    marking.book.note(other.uid, "disk", FAILS)
    marking.pods.upsert(other)
    (asked,) = marking.asked()
    assert asked.path.endswith("/cart-2")
