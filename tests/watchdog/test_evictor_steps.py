"""One step after the other, with a clock of the test's: what is sent, what becomes of errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.client import responses
from typing import Any

import pytest

from kubervisor.errors import ApiUnavailable, LeadershipLost
from kubervisor.kube.evictions import Evictions
from kubervisor.kube.pod_events import PodEvents
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from kubervisor.traffic.model import PodUid
from kubervisor.watchdog.evicting import EvictionPolicy
from kubervisor.watchdog.eviction_news import EvictionNews
from kubervisor.watchdog.evictor import Evictor
from kubervisor.watchdog.limits import Ledger, Limits
from tests.kube.scripted import Exchange, ScriptedServer
from tests.watchdog.pods_in_error import Time, in_error

PERIOD = 60.0
POLICY = EvictionPolicy(period=PERIOD, scans=1)
CUT, HANGS_UP_AND_EVICTS = 0, -1


class Told(PodEvents):
    """Keeps what would be an Event: the reason and the pod."""

    def __init__(self, server: ScriptedServer) -> None:
        super().__init__(server.api(), "test", "test")
        self.news: list[tuple[str, str]] = []

    def record(self, regarding: Any, **said: Any) -> None:
        self.news.append((said["reason"], regarding.name))


class Stage:
    """Pods in error, an API server that knows them, and how it answers evictions by pod."""

    def __init__(self, server: ScriptedServer, *pods: WatchedPod) -> None:
        self.pods = list(pods)
        self.stored = {pod.name: pod for pod in pods}
        self.fates: dict[str, int] = {}
        self.evictions: list[dict[str, Any]] = []
        self.now, self.wall = Time(), Time(1.7e9)
        self.told = Told(server)
        self.api = server.api()
        self.leads = True
        self.failing: Mapping[PodUid, tuple[str, ...]] = {p.uid: ("disk",) for p in pods}
        server.script = self._answer
        self.evictor = self.starts(POLICY)

    def starts(self, policy: EvictionPolicy) -> Evictor:
        """An evictor with this policy."""
        book, clock = _Book(self), Clock(self.wall, self.now)
        news = EvictionNews(self.told, logs.get("evictor"))
        self.evictor = Evictor(
            book=book,
            pods=lambda: self.pods,
            evictions=Evictions(self.api, self.check),
            past=Ledger,
            news=news,
            policy=policy,
            clock=clock,
        )
        return self.evictor

    def check(self) -> None:
        if not self.leads:
            raise LeadershipLost("test")

    def asked_for(self) -> list[str]:
        """The pods whose eviction was asked for, in order."""
        return [eviction["metadata"]["name"] for eviction in self.evictions]

    def scan(self) -> float:
        """A step a period after the last."""
        self.now.now += PERIOD
        return self.evictor.step()

    def _answer(self, exchange: Exchange) -> None:
        name = exchange.asked.path.split("/")[6]
        if exchange.asked.method == "GET":
            pod = self.stored.get(name)
            exchange.answer(*((200, _body(pod)) if pod else (404, {"message": "gone"})))
            return
        self.evictions.append(json.loads(exchange.asked.body))
        fate = self.fates.get(name, 201)
        if fate in (201, HANGS_UP_AND_EVICTS):
            self.stored[name] = replace(self.stored[name], deleting=True)
        if fate > 0:
            exchange.answer(fate, {"message": responses[fate]})


class _Book:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def failing(self, now: float) -> Mapping[PodUid, tuple[str, ...]]:
        return self._stage.failing


def _body(pod: WatchedPod) -> dict[str, Any]:
    owners = [
        {"kind": o.kind, "name": o.name, "uid": o.uid, "controller": True} for o in [pod.owner] if o
    ]
    metadata = {
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": owners,
    }
    if pod.deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}


A, B = in_error("a", "east"), in_error("b", "west")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def stage(server: ScriptedServer) -> Stage:
    return Stage(server, A, B)


def test_an_eviction_names_the_pod_its_uid_and_its_grace_period(stage: Stage) -> None:
    stage.scan()
    assert stage.evictions[0] == {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {
            "namespace": "default",
            "name": "a",
            "labels": {"kubervisor/eviction": "true"},
        },
        "deleteOptions": {"gracePeriodSeconds": 120, "preconditions": {"uid": A.uid}},
    }
    assert stage.told.news == [("PodEvicted", "a"), ("PodEvicted", "b")]


def test_however_often_it_is_woken_scans_are_a_period_apart(stage: Stage) -> None:
    evictor = stage.starts(replace(POLICY, scans=2))
    assert evictor.step() == PERIOD
    for _ in range(59):
        stage.now.now += 1
        assert evictor.step() == pytest.approx(1000 + PERIOD - stage.now.now)
    assert not stage.evictions
    stage.now.now += 1
    evictor.step()
    assert stage.asked_for() == ["a", "b"]


def test_a_pod_that_goes_already_is_asked_for_no_more(stage: Stage) -> None:
    stage.scan()
    stage.scan()  # the watch has not shown it yet
    stage.pods = [replace(A, deleting=True), B]
    stage.scan()
    assert stage.asked_for() == ["a", "b"]


def test_a_pod_of_another_owner_by_now_is_left_for_another_look(stage: Stage) -> None:
    stage.stored["a"] = in_error("a", "another")
    stage.scan()
    assert stage.asked_for() == ["b"]


@pytest.mark.parametrize("stored", [None, in_error("a", "east", uid="of its successor")])
def test_a_pod_that_is_gone_or_another_needs_nothing(
    stage: Stage, stored: WatchedPod | None
) -> None:
    stage.stored.pop("a")
    if stored:
        stage.stored["a"] = stored
    stage.scan()
    assert stage.asked_for() == ["b"]
    assert stage.told.news == [("PodEvicted", "b")]


@pytest.mark.parametrize("fate", [429, 403, 500])
def test_what_is_refused_waits_for_some_scans_and_stands_in_nobodys_way(
    stage: Stage, fate: int
) -> None:
    stage.fates["a"] = fate
    attempts = []
    for _ in range(12):
        stage.scan()
        attempts.append(stage.asked_for().count("a"))
    assert attempts == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5]
    assert stage.asked_for().count("b") == 1
    assert stage.told.news.count(("EvictionDeferred", "a")) == 5


def test_once_it_recovers_its_waits_are_forgotten(stage: Stage) -> None:
    stage.fates["a"] = 429
    for _ in range(5):
        stage.scan()
    failing, stage.failing = stage.failing, {}
    stage.scan()
    stage.failing, asked = failing, len(stage.evictions)
    stage.scan()
    assert stage.asked_for()[asked:] == ["a"]


def test_without_an_answer_the_rest_waits_for_the_next_scan_which_begins_with_the_others(
    stage: Stage,
) -> None:
    stage.fates["a"] = CUT
    with pytest.raises(ApiUnavailable):
        stage.scan()
    assert stage.asked_for() == ["a"]
    assert stage.evictor.step() == pytest.approx(PERIOD)
    with pytest.raises(ApiUnavailable):
        stage.scan()
    assert stage.asked_for() == ["a", "b", "a"]


def test_an_eviction_without_an_answer_counts_where_the_pod_goes(stage: Stage) -> None:
    stage.fates["a"] = HANGS_UP_AND_EVICTS
    stage.scan()
    assert stage.told.news == [("PodEvicted", "a"), ("PodEvicted", "b")]


def test_an_eviction_that_may_have_happened_counts_against_the_limits(
    server: ScriptedServer,
) -> None:
    stage = Stage(server, A, in_error("sibling", "east"))
    stage.starts(replace(POLICY, limits=Limits(at_once=5, owner_hourly=1)))
    stage.fates["a"] = CUT
    with pytest.raises(ApiUnavailable):
        stage.scan()
    stage.scan()
    assert stage.asked_for() == ["a"]
    assert ("EvictionRefused", "sibling") in stage.told.news


def test_without_the_lease_nothing_is_sent(stage: Stage) -> None:
    stage.leads = False
    with pytest.raises(LeadershipLost):
        stage.scan()
    assert not stage.evictions


def test_refusals_by_our_own_limits_are_told_once(server: ScriptedServer) -> None:
    stage = Stage(server, in_error("bare", None))
    for _ in range(5):
        stage.scan()
    assert stage.told.news == [("EvictionRefused", "bare")]


def test_a_dry_run_asks_for_nothing_and_tells_once(stage: Stage) -> None:
    stage.starts(replace(POLICY, dry_run=True))
    for _ in range(5):
        stage.scan()
    assert not stage.evictions
    assert sorted(stage.told.news) == [("WouldEvict", "a"), ("WouldEvict", "b")]


def test_a_book_that_fails_makes_no_scan(stage: Stage) -> None:
    evictor = stage.starts(replace(POLICY, scans=2))
    stage.scan()
    whole, stage.failing = stage.failing, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        stage.scan()
    stage.failing = whole
    assert evictor.step() == pytest.approx(PERIOD)
    assert stage.asked_for() == ["a", "b"]
