"""One object that cannot be read is left out by itself; the others are taken in as ever."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from kubervisor.kube import records
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Unreadable, or_unreadable
from kubervisor.kube.watches import Caches, reflectors

from .polling import until
from .scripted import Exchange, ScriptedServer


def pod(name: str, version: int, **wrong: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": name, "namespace": "shop", "resourceVersion": str(version)}
    return {"metadata": metadata | wrong, "status": {"phase": "Running"}}


SPOILT = {"labels": {"app": 7}}
"""Labels that are no strings."""


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        pytest.param(records.decode_pod, pod("a", 1, **SPOILT), id="labels that are no strings"),
        pytest.param(records.decode_pod, pod("a", 1) | {"status": []}, id="a list for a status"),
        pytest.param(records.decode_service, pod("a", 1) | {"spec": 3}, id="a number for a spec"),
        pytest.param(records.decode_spec, pod("a", 1, generation="x"), id="a word for a number"),
        pytest.param(records.decode_spec, pod("a", 1, finalizers={}), id="no list of finalizers"),
    ],
)
def test_an_object_that_cannot_be_read_says_who_it_is(
    decode: Callable[[bytes], Any], body: dict[str, Any]
) -> None:
    found = or_unreadable(decode)(json.dumps(body).encode())
    assert isinstance(found, Unreadable)
    assert (found.namespace, found.name, found.uid) == ("shop", "a", "a")
    assert found.why.startswith("Expected")


@pytest.mark.parametrize(
    "garbled",
    [
        pytest.param(b"<html>sign in to this network</html>", id="a page"),
        pytest.param(b'{"metadata":{"name":"a","uid":"a"},"status":{"pha', id="half an object"),
        pytest.param(b'{"metadata":{"name":"a"},"status":3}', id="an object without a uid"),
        pytest.param(b"[" * 100_000, id="nesting without end"),
    ],
)
def test_what_does_not_say_who_it_is_is_no_object(garbled: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, RecursionError)):
        or_unreadable(records.decode_pod)(garbled)


class Watched:
    """The caches that reflectors keep from a server of pods, whose every answer the test gives."""

    def __init__(self, scripted: ScriptedServer) -> None:
        self.caches, self.left_out = Caches(), list[tuple[str, str, str]]()
        self.lists: list[list[dict[str, Any]]] = []
        self.events = threading.Event()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.stop = threading.Event()
        scripted.script = self._script
        made = reflectors(
            scripted.api(),
            (),
            self.caches,
            Overlay(),
            stop=self.stop,
            count=lambda *_: None,
            left_out=self._left_out,
        )
        self.pods: Reflector[Any] = made[0]
        self._thread = threading.Thread(target=self.pods.run, daemon=True)

    def begins_with(self, *pods: dict[str, Any]) -> None:
        self.lists.append(list(pods))
        self._thread.start()
        assert self.pods.synced.wait(20)

    def lists_then(self, *pods: dict[str, Any]) -> None:
        self.lists.append(list(pods))
        assert self.pods.await_list(self.pods.renew(), 20)

    def tells(self, *events: tuple[str, dict[str, Any]]) -> None:
        self.told += events
        self.events.set()

    @property
    def versions(self) -> dict[str, str]:
        return {pod.name: pod.version for pod in self.caches.pods.values()}

    def end(self) -> None:
        self.stop.set()
        self.events.set()
        self.pods.interrupt()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _left_out(self, resource: str, found: Unreadable) -> None:
        self.left_out.append((resource, found.namespace, found.name))

    def _script(self, exchange: Exchange) -> None:
        if "watch" not in exchange.asked.query:
            version = str(10 * len(self.lists))
            exchange.answer(
                200, {"metadata": {"resourceVersion": version}, "items": self.lists[-1]}
            )
            return
        exchange.begin_stream()
        self.events.wait()
        for kind, body in self.told:
            exchange.event(kind, body)
        self.told.clear()
        exchange.stay_silent()


@pytest.fixture
def watched(scripted: ScriptedServer) -> Iterator[Watched]:
    one = Watched(scripted)
    yield one
    one.end()


def test_a_list_without_the_one_that_cannot_be_read_is_taken_in(watched: Watched) -> None:
    watched.begins_with(pod("a", 1), pod("b", 2, **SPOILT), pod("c", 3))
    assert watched.versions == {"a": "1", "c": "3"}
    assert watched.left_out == [("pods", "shop", "b")]
    assert watched.pods.problem is None


def test_its_last_good_version_stays_until_it_is_gone(watched: Watched) -> None:
    watched.begins_with(pod("a", 1), pod("b", 2))
    watched.lists_then(pod("a", 11), pod("b", 12, **SPOILT))
    assert watched.versions == {"a": "11", "b": "2"}
    watched.lists_then(pod("a", 11))
    assert watched.versions == {"a": "11"}


def test_another_object_of_its_name_does_not_pass_for_it(watched: Watched) -> None:
    watched.begins_with(pod("a", 1))
    watched.lists_then(pod("a", 12, uid="another", **SPOILT))
    assert watched.versions == {}


def test_a_watch_goes_on_behind_it(watched: Watched) -> None:
    watched.begins_with(pod("a", 1), pod("b", 2))
    watched.tells(
        ("MODIFIED", pod("b", 11, **SPOILT)),
        ("ADDED", pod("c", 12, **SPOILT)),
        ("MODIFIED", pod("a", 13)),
    )
    until(lambda: watched.versions == {"a": "13", "b": "2"}, "the event behind them")
    assert watched.left_out == [("pods", "shop", "b"), ("pods", "shop", "c")]


def test_its_deletion_is_taken_in_though_it_cannot_be_read(watched: Watched) -> None:
    watched.begins_with(pod("a", 1), pod("b", 2))
    watched.tells(("DELETED", pod("b", 11, **SPOILT)))
    until(lambda: watched.versions == {"a": "1"}, "the deletion")
    assert watched.left_out == []
