"""One holder at a time, on a real API server, with the clocks in the hands of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import msgspec
import pytest

from kubervisor.errors import LeadershipLost
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.lease import Lease
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.stopping import STOPPED, announce_stop, withdraw_stop

from .polling import until
from .scripted import Exchange, ScriptedServer

NAME = "kubervisor"


class Clock:
    """A monotonic clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def candidate(api: Api, namespace: str, identity: str, clock: Clock) -> Lease:
    return Lease(api, namespace, NAME, identity, stop=threading.Event(), clock=clock)


class Running:
    """A candidate on a thread, with what it was told."""

    def __init__(self, api: Api, namespace: str, identity: str, duration: float = 3.0) -> None:
        self.stop = threading.Event()
        self.gained = threading.Event()
        self.lost = threading.Event()
        self.lease = Lease(api, namespace, NAME, identity, stop=self.stop, duration=duration)
        self.thread = threading.Thread(
            target=self.lease.run, args=(self.gained.set, self.lost.set), daemon=True
        )
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)


@pytest.fixture
def started() -> Iterator[list[Running]]:
    running: list[Running] = []
    yield running
    for one in running:
        one.end()


def spec(api: Api, namespace: str) -> dict[str, object]:
    answer = api.request("GET", paths.single(paths.LEASES, namespace, NAME))
    found: dict[str, object] = msgspec.json.decode(answer)["spec"]
    return found


def test_the_first_candidate_gains_it_and_gives_it_up_at_a_stop(
    api: Api, namespace: str, started: list[Running]
) -> None:
    first = Running(api, namespace, "a")
    assert first.gained.wait(20)
    assert first.lease.is_held()
    assert first.lease.epoch == 1
    second = Running(api, namespace, "b", duration=600.0)  # would wait ten minutes
    started += [first, second]
    until(lambda: second.lease._stored, "the second candidate has seen the lease")
    assert not second.lease.is_held()
    first.end()
    assert not first.lease.is_held()
    assert not first.lost.is_set()
    assert second.gained.wait(20)
    assert second.lease.epoch == 2
    assert spec(api, namespace)["leaseTransitions"] == 2


def test_a_candidate_takes_over_when_it_has_seen_no_renewal_for_the_whole_duration(
    api: Api, namespace: str, clock: Clock
) -> None:
    first, second = (candidate(api, namespace, who, clock) for who in "ab")
    first._attempt()
    second._attempt()
    clock.now += 14.9
    second._attempt()
    assert not second.is_held()
    clock.now += 0.2
    second._attempt()
    assert second.is_held()
    assert second.epoch == 2
    with pytest.raises(LeadershipLost):
        first.check()


def test_a_renewal_starts_the_wait_of_others_anew(api: Api, namespace: str, clock: Clock) -> None:
    first, second = (candidate(api, namespace, who, clock) for who in "ab")
    first._attempt()
    first._holding = True
    second._attempt()
    clock.now += 9.0
    first._attempt()
    clock.now += 7.0
    second._attempt()
    clock.now += 14.0
    second._attempt()
    assert not second.is_held()


def test_an_announcement_is_no_renewal(api: Api, namespace: str, clock: Clock) -> None:
    first, second = (candidate(api, namespace, who, clock) for who in "ab")
    first._attempt()
    second._attempt()
    clock.now += 10.0
    announce_stop(api, namespace, NAME, ["shop"])
    second._attempt()
    clock.now += 5.0
    second._attempt()
    assert second.is_held()


def test_the_holder_stops_before_another_may_begin(api: Api, namespace: str, clock: Clock) -> None:
    lease = candidate(api, namespace, "a", clock)
    lease._attempt()
    clock.now += 9.9
    lease.check()
    clock.now += 0.1
    with pytest.raises(LeadershipLost, match="not held by a"):
        lease.check()


def test_a_frozen_holder_that_wakes_finds_out(api: Api, namespace: str, clock: Clock) -> None:
    first, second = (candidate(api, namespace, who, clock) for who in "ab")
    first._attempt()
    first._holding = True
    second._attempt()
    clock.now += 15.1
    second._attempt()
    first._attempt()
    assert second.is_held()
    assert not first.is_held()
    assert spec(api, namespace)["holderIdentity"] == "b"


def test_a_holder_survives_the_deletion_of_the_lease_with_a_higher_epoch(
    api: Api, namespace: str, started: list[Running]
) -> None:
    one = Running(api, namespace, "a")
    started.append(one)
    assert one.gained.wait(20)
    api.request("DELETE", paths.single(paths.LEASES, namespace, NAME))
    assert one.lost.wait(20)
    until(lambda: one.lease.is_held() and one.lease.epoch == 2, "it is gained anew")


def test_the_next_epoch_is_higher_also_for_the_same_identity(
    api: Api, namespace: str, clock: Clock
) -> None:
    candidate(api, namespace, "a", clock)._attempt()
    again = candidate(api, namespace, "a", clock)
    again._attempt()
    assert again.is_held()
    assert again.epoch == 2


def test_of_several_candidates_one_holds(api: Api, namespace: str, started: list[Running]) -> None:
    started += [Running(api, namespace, f"c{number}") for number in range(4)]
    until(lambda: any(one.gained.is_set() for one in started), "somebody gains it")
    until(lambda: all(one.lease._stored for one in started), "all have seen it")
    assert sum(one.lease.is_held() for one in started) == 1


def test_announcements_are_seen_and_withdrawn(
    api: Api, namespace: str, started: list[Running]
) -> None:
    announce_stop(api, namespace, NAME, ["shop"])  # before any controller ran
    one = Running(api, namespace, "a")
    started.append(one)
    assert one.gained.wait(20)
    assert one.lease.stopped_namespaces == {"shop"}
    announce_stop(api, namespace, NAME, ["bank"])
    until(lambda: one.lease.stopped_namespaces == {"shop", "bank"}, "the renewal shows it")
    withdraw_stop(api, namespace, NAME, ["shop"])
    until(lambda: one.lease.stopped_namespaces == {"bank"}, "the renewal shows it")
    announce_stop(api, namespace, NAME, ["*"])
    until(lambda: "*" in one.lease.stopped_namespaces, "the renewal shows it")
    withdraw_stop(api, namespace, NAME, ["*"])
    until(lambda: not one.lease.stopped_namespaces, "the renewal shows it")
    assert one.lease.is_held()
    assert one.lease.epoch == 1
    assert not one.lost.is_set()


def test_an_unreadable_announcement_stops_everything(
    api: Api, namespace: str, clock: Clock
) -> None:
    lease = candidate(api, namespace, "a", clock)
    lease._attempt()
    patch = {"metadata": {"annotations": {STOPPED: "shop, bank"}}}
    path = paths.single(paths.LEASES, namespace, NAME)
    api.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
    lease._holding = True
    lease._attempt()
    assert lease.stopped_namespaces == {"*"}
    assert lease.is_held()


def test_errors_are_survived_until_the_deadline_and_then_it_is_lost(
    scripted: ScriptedServer,
) -> None:
    healthy = threading.Event()
    healthy.set()
    body = {"metadata": {"resourceVersion": "1"}, "spec": {"leaseTransitions": 0}}
    held = {"metadata": {"resourceVersion": "2"}, "spec": {"leaseTransitions": 1}}

    scripted.script = lambda x: (
        x.answer(200, held if x.asked.method == "PATCH" else body)
        if healthy.is_set()
        else x.answer(500, {"message": "etcd is gone"})
    )
    one = Running(scripted.api(), "default", "a", duration=3.0)
    try:
        assert one.gained.wait(20)
        healthy.clear()
        until(lambda: one.lease.problem, "the failure is seen")
        assert one.lost.wait(20)
        assert "etcd is gone" in (one.lease.problem or "")
        assert not one.lease.is_held()
        one.gained.clear()
        healthy.set()
        assert one.gained.wait(20)
    finally:
        one.end()


def test_a_refused_release_is_tried_again(scripted: ScriptedServer) -> None:
    stored = {
        "metadata": {"resourceVersion": "1"},
        "spec": {"holderIdentity": "a", "leaseTransitions": 1},
    }
    releases: list[bytes] = []

    def script(x: Exchange) -> None:
        if b'"holderIdentity":""' in x.asked.body:
            releases.append(x.asked.body)
            if len(releases) < 3:
                x.answer(429, {"message": "storage is (re)initializing"})
                return
        x.answer(200, stored)

    scripted.script = script
    one = Running(scripted.api(), "default", "a")
    assert one.gained.wait(20)
    one.end()
    assert len(releases) == 3
    assert one.lease.problem is None


def test_a_holder_past_its_own_deadline_still_gives_up_what_nobody_took(
    api: Api, namespace: str, clock: Clock
) -> None:
    lease = candidate(api, namespace, "a", clock)
    lease._attempt()
    clock.now += 60.0
    assert not lease.is_held()
    lease._release()
    assert spec(api, namespace)["holderIdentity"] == ""


def test_a_holder_past_its_deadline_leaves_the_lease_to_who_took_it(
    api: Api, namespace: str, clock: Clock
) -> None:
    first, second = (candidate(api, namespace, who, clock) for who in "ab")
    first._attempt()
    second._attempt()
    clock.now += 60.0
    second._attempt()
    assert second.is_held()
    first._release()
    assert spec(api, namespace)["holderIdentity"] == "b"


def test_the_answer_of_a_take_over_that_got_lost_is_no_holding(scripted: ScriptedServer) -> None:
    stored = {"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": ""}}
    scripted.script = lambda x: x.answer(200, stored) if x.asked.method == "GET" else x.send(b"")
    lease = candidate(scripted.api(), "default", "a", Clock())
    lease._attempt()
    assert not lease.is_held()
    assert lease.problem is not None
